//! A server process that can be killed by its id while others look at it.

use crate::outside::gate::in_time;
use crate::server_support::dayend;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;

/// A server; killed with SIGKILL when it is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) base_url: String,
}

impl Process {
    /// Serves a data directory on a free port, if there is a wrapper under another program that becomes the server, such as
    /// `strace -D`. Waits for the line that says that it is ready; nothing if it ended before.
    pub(crate) fn try_serve(wrapper: &[String], data: &str, log: &Path) -> Option<Self> {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let serve = dayend(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
        let mut serve = under(wrapper, serve);
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let said = first_line(&child, output);
        let Some(ready) = said else {
            child.wait().unwrap();
            return None;
        };
        let base_url = ready.trim_end().strip_prefix("dayend is ready at ");
        let base_url = base_url.unwrap_or_else(|| panic!("the server said: {ready}")).to_owned();
        Some(Self { child, base_url })
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn terminate(mut self) -> i32 {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Waits until it has been killed by somebody else.
    pub(crate) fn gone(self) {
        let pid = self.pid();
        in_time("the server that did not answer is still there", move || ended(pid));
    }

    /// Whether it has ended by itself.
    pub(crate) fn is_gone(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        waitid(WaitId::Pid(self.pid()), options).unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same command, run by a wrapper.
fn under(wrapper: &[String], command: Command) -> Command {
    let Some((program, arguments)) = wrapper.split_first() else { return command };
    let mut whole = Command::new(program);
    whole.args(arguments).arg(command.get_program()).args(command.get_args());
    whole.env_clear().stdin(Stdio::null());
    whole
}

/// The first line that a process says; nothing if it ends without one. Its pipe alone would not tell: a tracer holds it too.
fn first_line(child: &Child, output: ChildStdout) -> Option<String> {
    let pid = Pid::from_child(child);
    let (tell, told) = mpsc::channel();
    let also = tell.clone();
    thread::spawn(move || {
        ended(pid);
        also.send(None)
    });
    thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).unwrap();
        tell.send(Some(line).filter(|line| !line.is_empty()))
    });
    told.recv().unwrap()
}

/// Waits until a child has ended, and leaves it to be reaped by its owner.
fn ended(pid: Pid) {
    // It fails when the owner was faster.
    let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
}
