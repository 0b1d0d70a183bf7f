//! Gates: named pipes at which a command task waits until the test lets it go. Opening one blocks until the other side is there.

use rustix::fs::Mode;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Longer than anything at a gate can take on a busy machine; then the test fails instead of hanging.
const AT_MOST: Duration = Duration::from_mins(1);

/// One named pipe.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    path: PathBuf,
}

impl Gate {
    /// Makes the pipe.
    pub(crate) fn new(directory: &Path, name: &str) -> Self {
        let path = directory.join(name);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::from_raw_mode(0o600)).unwrap();
        Self { path }
    }

    /// The path, for a definition.
    pub(crate) fn text(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Waits until a task reads the pipe, and lets it go on.
    pub(crate) fn open(&self) {
        let path = self.path.clone();
        in_time("nobody came to the gate", move || {
            let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
            pipe.write_all(b"go\n").unwrap();
        });
    }

    /// Waits until a task has written to the pipe, and gives what it said.
    pub(crate) fn hear(&self) -> String {
        let path = self.path.clone();
        in_time("nobody spoke at the gate", move || {
            let mut said = String::new();
            File::open(path).unwrap().read_to_string(&mut said).unwrap();
            said
        })
    }
}

/// Runs something that blocks, and fails if it does so for ever.
pub(crate) fn in_time<T: Send + 'static>(
    complaint: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, waiting) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    waiting.recv_timeout(AT_MOST).unwrap_or_else(|error| panic!("{complaint}: {error}"))
}
