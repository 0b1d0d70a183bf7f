//! What an attempt wrote: bounded, and readable while it grows.

use crate::attempt_dir::AttemptDir;
use crate::message::shown_within;
use dayend_engine::time::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

/// What stands in a log where output was dropped.
pub(crate) const CUT_MARK: &[u8] = "\n… log limit reached, output dropped\n".as_bytes();
/// The longest line that an executor itself writes.
const LINE_MAX_BYTES: usize = 8 * 1024;

/// A log file with a size limit; what is beyond it is dropped, which is said once.
#[derive(Debug)]
pub(crate) struct BoundedLog {
    file: File,
    room: u64,
    cut: bool,
}

impl BoundedLog {
    /// Opens the attempt's log to append to it.
    pub(crate) fn open(dir: &AttemptDir, max_bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(dir.log())?;
        let room = max_bytes.saturating_sub(file.metadata()?.len());
        Ok(Self { file, room, cut: false })
    }

    /// Appends what there is room for.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = usize::try_from(self.room).unwrap_or(usize::MAX).min(bytes.len());
        let (kept, dropped) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
        self.room = self.room.saturating_sub(u64::try_from(kept.len()).unwrap_or(u64::MAX));
        self.file.write_all(kept)?;
        if !dropped.is_empty() && !self.cut {
            self.cut = true;
            self.file.write_all(CUT_MARK)?;
        }
        Ok(())
    }
}

/// The log of an attempt that runs inside the server: lines with the time in front.
#[derive(Debug)]
pub(crate) struct AttemptLog {
    dir: AttemptDir,
    max_bytes: u64,
    now: fn() -> Timestamp,
    file: Option<BoundedLog>,
}

impl AttemptLog {
    /// A log that makes its file with the first line.
    pub(crate) fn new(dir: AttemptDir, max_bytes: u64, now: fn() -> Timestamp) -> Self {
        Self { dir, max_bytes, now, file: None }
    }

    /// Appends one line. A log that cannot be written never fails its attempt; the server's own log tells.
    pub(crate) async fn line(&mut self, text: &str) {
        let line = format!("{} {}\n", (self.now)(), shown_within(text, LINE_MAX_BYTES));
        let (dir, max_bytes, file) = (self.dir.clone(), self.max_bytes, self.file.take());
        let written = tokio::task::spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => dir.create(0o700).and_then(|()| BoundedLog::open(&dir, max_bytes))?,
            };
            file.write(line.as_bytes()).map(|()| file)
        });
        match written.await {
            Ok(Ok(file)) => self.file = Some(file),
            Ok(Err(error)) => {
                tracing::warn!(%error, path = %self.dir.path().display(), "cannot write the log of an attempt");
            }
            Err(error) => tracing::warn!(%error, "the writer of an attempt's log gave up"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_exactly_its_limit_and_says_once_that_more_was_dropped() {
        let root = tempfile::tempdir().unwrap();
        let dir = AttemptDir::at(root.path().to_path_buf());
        let mut log = BoundedLog::open(&dir, 10).unwrap();
        for piece in [&b"0123"[..], b"456789AB", b"CD", b""] {
            log.write(piece).unwrap();
        }
        let (content, next) = dir.read_log(0, 1000).unwrap().unwrap();
        assert_eq!(content, [&b"0123456789"[..], CUT_MARK].concat());
        assert_eq!(next, content.len() as u64);
        assert_eq!(dir.read_log(8, 2).unwrap(), Some((b"89".to_vec(), 10)));
        assert_eq!(dir.read_log(1000, 2).unwrap(), Some((Vec::new(), next)));
    }
}
