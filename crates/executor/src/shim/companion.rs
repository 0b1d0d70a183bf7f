//! Which program is started as a shim.

use crate::shim::entry::{AGREEMENT, FITS, MARKER};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program beside the server's that is nothing but a shim.
const NAME: &str = "dayend-shim";
/// The program that is running now, whatever has become of its file.
const OWN: &str = "/proc/self/exe";

/// The small program beside this one that does nothing but be a shim: it starts several times as fast as a whole server.
/// None: there is none that belongs to this server, which then is its own shim.
pub fn companion() -> Option<PathBuf> {
    fitting(std::env::current_exe().ok()?.with_file_name(NAME))
}

fn fitting(path: PathBuf) -> Option<PathBuf> {
    let mut question = Command::new(&path);
    question.args([MARKER, FITS, AGREEMENT]).env_clear().current_dir("/");
    question.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match question.status() {
        Ok(answer) if answer.success() => Some(path),
        Ok(_) => {
            let path = path.display();
            tracing::warn!(%path, "the shim program is of another version; it is not used");
            None
        }
        Err(_) => None,
    }
}

/// The program that is started as a shim. It stays the same when an upgrade puts another file in its place.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    _open: Option<File>,
}

impl Program {
    /// The program at `path`, or else the one that is running now.
    pub(crate) fn new(path: Option<&Path>) -> Self {
        match path.map(File::open) {
            Some(Ok(file)) => Self {
                path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(),
                _open: Some(file),
            },
            Some(Err(error)) => {
                tracing::warn!(%error, "the shim program cannot be used; the server is its own shim");
                Self { path: OWN.into(), _open: None }
            }
            None => Self { path: OWN.into(), _open: None },
        }
    }

    /// What to execute, in this process.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_or_does_not_agree_is_no_companion() {
        assert_eq!(fitting("/no/such/program".into()), None);
        assert_eq!(fitting("/bin/false".into()), None);
        assert_eq!(fitting("/bin/true".into()), Some("/bin/true".into()));
    }
}
