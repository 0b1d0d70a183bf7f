//! The first stage: claims the attempt, watches the command, and leaves nothing of it behind.

use crate::attempt_dir::AttemptDir;
use crate::message::last_words;
use crate::shim::descendants::signal_all;
use crate::shim::enter::{close_inherited, read_spec};
use crate::shim::entry::{ENTER, MARKER};
use crate::shim::memory::OomKills;
use crate::shim::outcome::WrittenOutcome;
use crate::shim::output::Output;
use crate::shim::spec::Spec;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use std::fs::File;
use std::io::{self, PipeWriter, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long output is read on after the command ended while somebody else holds the pipe.
const DRAIN: Duration = Duration::from_secs(1);
/// How long remains of a command are hunted before the shim gives up on them.
const SWEEP: Duration = Duration::from_secs(10);
/// The exit code by which shells say that what they ran was killed by SIGKILL.
const KILLED_INSIDE: i32 = 137;
/// The pause between two rounds of killing.
const ROUND: Duration = Duration::from_millis(50);

/// Runs the attempt from claim to outcome. An attempt that somebody else claimed is left alone.
pub(super) fn supervise(dir: &AttemptDir) -> io::Result<()> {
    close_inherited();
    // Only for people who look at the list of processes.
    let _ = rustix::thread::set_name(c"dayend-shim");
    // Fails only for a leader of its own group, which is detached already.
    let _ = rustix::process::setsid();
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let lock = dir.open_lock()?;
    lock.lock()?;
    if !dir.claim()? {
        return Ok(());
    }
    let outcome = run(dir).unwrap_or_else(|error| {
        WrittenOutcome::failed(format!("the command could not be started: {error}"))
    });
    // What else is left in the command's directory is the command's own; nobody can use it any more.
    if !(outcome.succeeded && read_spec(dir).is_ok_and(|spec| spec.keep_cwd)) {
        dir.clear_cwd();
    }
    outcome.write(dir)?;
    drop(lock);
    Ok(())
}

fn run(dir: &AttemptDir) -> io::Result<WrittenOutcome> {
    let spec = read_spec(dir)?;
    let mut watch = Watch::start(dir, &spec)?;
    watch.until_command_ended()?;
    watch.until_output_ended()?;
    let clean = watch.sweep()?;
    Ok(watch.outcome(clean))
}

/// A running command and everything that may happen to it.
struct Watch<'a> {
    dir: &'a AttemptDir,
    command: Pid,
    grace: Duration,
    output: Output,
    /// Gets a byte when the server asks to look for the stop file.
    wake: File,
    /// Gets a byte with each SIGCHLD and SIGTERM.
    signals: UnixStream,
    terminated: Arc<AtomicBool>,
    ended: Option<WaitStatus>,
    childless: bool,
    /// When the command is killed, once it was asked to stop.
    kill_at: Option<Instant>,
    oom_kills: OomKills,
}

impl<'a> Watch<'a> {
    fn start(dir: &'a AttemptDir, spec: &Spec) -> io::Result<Self> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let (signals, terminated) = listen_to_signals()?;
        let wake = make_wake(dir)?;
        let (reader, writer) = io::pipe()?;
        let output = Output::open(dir, spec.log_bytes, reader)?;
        let oom_kills = OomKills::watch();
        let command = spawn(dir, writer)?;
        let grace = Duration::from_millis(spec.grace_ms);
        Ok(Self {
            dir,
            command,
            grace,
            output,
            wake,
            signals,
            terminated,
            ended: None,
            childless: false,
            kill_at: None,
            oom_kills,
        })
    }

    fn until_command_ended(&mut self) -> io::Result<()> {
        loop {
            self.reap();
            if self.ended.is_some() {
                return Ok(());
            }
            self.stop_if_asked();
            self.kill_if_due();
            self.wait(self.kill_at)?;
        }
    }

    /// Grandchildren may hold the pipe for ever: it is read only for a moment longer.
    fn until_output_ended(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + DRAIN;
        while self.output.pipe.is_some() && Instant::now() < deadline {
            self.wait(Some(deadline))?;
            self.reap();
        }
        Ok(())
    }

    /// Kills what the command left behind, also what left its session. True: nothing is left.
    fn sweep(&mut self) -> io::Result<bool> {
        let deadline = Instant::now() + SWEEP;
        self.reap();
        while !self.childless && Instant::now() < deadline {
            // A stopped process cannot fork: this is what ends a fork bomb.
            signal_all(Signal::STOP);
            signal_all(Signal::KILL);
            self.wait(Some(Instant::now() + ROUND))?;
            self.reap();
        }
        self.output.pipe = None;
        Ok(self.childless)
    }

    fn reap(&mut self) {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.command => self.ended = Some(status),
                Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
                Ok(None) => return,
                Err(_) => {
                    self.childless = true;
                    return;
                }
            }
        }
    }

    fn stop_if_asked(&mut self) {
        let asked = || self.terminated.load(Ordering::SeqCst) || self.dir.stop().exists();
        if self.kill_at.is_none() && asked() {
            self.kill_at = Some(Instant::now() + self.grace);
            self.signal(Signal::TERM);
            // A suspended process takes TERM only when it goes on.
            self.signal(Signal::CONT);
        }
    }

    fn kill_if_due(&mut self) {
        if self.kill_at.is_some_and(|due| due <= Instant::now()) {
            self.kill_at = Some(Instant::now() + ROUND);
            self.signal(Signal::KILL);
        }
    }

    fn signal(&self, signal: Signal) {
        // The group as a whole first, so that nothing in it slips away; then those that left it.
        let _ = rustix::process::kill_process_group(self.command, signal);
        if signal == Signal::KILL || signal == Signal::CONT {
            signal_all(signal);
        } else {
            signal_outside_group(self.command, signal);
        }
    }

    /// Waits until something happens or `deadline` passes, and reads what there is to read.
    fn wait(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let pause = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let pause = pause.and_then(|pause| Timespec::try_from(pause).ok());
        let interest = PollFlags::IN;
        let mut events = vec![
            PollFd::from_borrowed_fd(self.wake.as_fd(), interest),
            PollFd::from_borrowed_fd(self.signals.as_fd(), interest),
        ];
        events.extend(
            self.output.pipe.as_ref().map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), interest)),
        );
        match poll(&mut events, pause.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let readable = events.get(2).is_some_and(|event| !event.revents().is_empty());
        drop(events);
        if readable {
            self.output.read();
        }
        // Both are non-blocking; what they say is looked up elsewhere.
        let mut bytes = [0; 64];
        while matches!(self.wake.read(&mut bytes), Ok(1..)) {}
        while matches!(self.signals.read(&mut bytes), Ok(1..)) {}
        Ok(())
    }

    fn outcome(&self, clean: bool) -> WrittenOutcome {
        let status = self.ended.and_then(WaitStatus::exit_status);
        let signal = self.ended.and_then(WaitStatus::terminating_signal);
        let mut ending = match (status, signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => "ended in an unknown way".to_owned(),
        };
        if self.kill_at.is_some() {
            ending.insert_str(0, "stopped, ");
        } else if self.oom_kills.happened() {
            ending.push_str(", the system ran out of memory and killed processes");
        } else if status == Some(KILLED_INSIDE) || signal == Some(Signal::KILL.as_raw()) {
            ending.push_str(
                ", SIGKILL did not come from Dayend: perhaps the system ran out of memory",
            );
        }
        if let Some(defect) = &self.output.defect {
            ending.push_str(", the log is incomplete: ");
            ending.push_str(&defect.to_string());
        }
        if !clean {
            ending.push_str(", some of its processes could not be killed");
        }
        let succeeded = status == Some(0) && self.kill_at.is_none();
        WrittenOutcome { succeeded, message: last_words(&self.output.last_line(), &ending) }
    }
}

/// Signals the descendants, except for the group that got the signal already.
fn signal_outside_group(group: Pid, signal: Signal) {
    crate::shim::descendants::signal_if(signal, |pid| {
        rustix::process::getpgid(Some(pid)).ok() != Some(group)
    });
}

fn listen_to_signals() -> io::Result<(UnixStream, Arc<AtomicBool>)> {
    let (ear, mouth) = UnixStream::pair()?;
    ear.set_nonblocking(true)?;
    let terminated = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&terminated))?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, mouth.try_clone()?)?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGCHLD, mouth)?;
    Ok((ear, terminated))
}

/// Makes the FIFO by which a server, this one or a later one, gets the shim's attention.
fn make_wake(dir: &AttemptDir) -> io::Result<File> {
    rustix::fs::mknodat(rustix::fs::CWD, dir.wake(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    // Opened for writing too, so that it never reads as "everybody is gone".
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(dir.wake(), flags, Mode::empty())?))
}

fn spawn(dir: &AttemptDir, output: PipeWriter) -> io::Result<Pid> {
    let mut command = Command::new("/proc/self/exe");
    command
        .arg(MARKER)
        .arg(ENTER)
        .arg(dir.path())
        .arg(rustix::process::getpid().as_raw_nonzero().to_string());
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::other("the command has no process id"))
}
