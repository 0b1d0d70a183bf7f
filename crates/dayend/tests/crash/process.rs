//! A server process that can be killed by its id while others look at it.

use crate::server_support::dayend;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A server; killed with SIGKILL when it is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) base_url: String,
}

impl Process {
    /// Serves a data directory on a free port, and waits for the line that says so.
    pub(crate) fn serve(data: &str, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut serve = dayend(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let base_url = ready.trim_end().strip_prefix("dayend is ready at ");
        let base_url = base_url.unwrap_or_else(|| panic!("the server said: {ready}")).to_owned();
        Self { child, base_url }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn terminate(mut self) -> i32 {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
