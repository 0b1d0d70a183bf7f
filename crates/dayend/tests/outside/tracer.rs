//! `strace`: what it does to the system calls of a server, the shipped program does not know.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The command line under which a server starts so that it is killed at its `nth` call of `syscall` on one of the files. The
/// server stays our child (`-D`), and its tasks are let alone (`-b execve`).
pub(crate) fn killing(files: &[PathBuf], syscall: &str, nth: usize, trace: &Path) -> Vec<String> {
    let mut words = watching(files, syscall, trace);
    words.extend(["-e".to_owned(), format!("inject={syscall}:signal=KILL:when={nth}")]);
    words
}

/// The command line under which a server's calls of `syscall` on one of the files are written down, a line each.
pub(crate) fn watching(files: &[PathBuf], syscall: &str, trace: &Path) -> Vec<String> {
    let mut words = words(&["strace", "-D", "-f", "-b", "execve", "-qqq", "-o"]);
    words.push(trace.to_str().unwrap().to_owned());
    for file in files {
        words.extend(["-P".to_owned(), file.to_str().unwrap().to_owned()]);
    }
    words.extend(["-e".to_owned(), format!("trace={syscall}")]);
    words
}

/// A `strace` at a running process: what it injects holds until it is dropped.
pub(crate) struct Tracer {
    child: Child,
}

impl Tracer {
    /// Attaches to all threads of a process, to those of its calls that concern the files, and returns when it has them.
    pub(crate) fn attach(pid: Pid, files: &[PathBuf], inject: &[&str]) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-b", "execve", "-o", "/dev/null", "-p", &pid.to_string()]);
        for file in files {
            strace.arg("-P").arg(file);
        }
        for rule in inject {
            strace.args(["-e", &format!("inject={rule}")]);
        }
        let mut child =
            strace.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("strace is there");
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "strace said: {line}");
        // It goes on talking when threads come and go; somebody must listen.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // Asked to end, it lets go of the process first. Both fail when the process has ended already.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
