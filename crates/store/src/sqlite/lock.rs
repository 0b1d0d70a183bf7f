//! One process per database: an advisory lock on a file of its own, which the kernel lets go when the process ends.

use crate::port::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a lock may still be held for a process that is gone.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);

/// Takes the lock of the database at `path`, or says soon who is in the way.
pub(crate) fn take(path: &Path) -> Result<File, StoreError> {
    let lock_path = lock_path(path);
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock_path);
    let file = opened.map_err(|error| StoreError::Unavailable(not_opened(&lock_path, &error)))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A server that was killed while it started a command leaves the lock with that child, until it has become the command.
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse(format!(
                    "`{}` is in use by another Dayend process",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::Unavailable(format!(
                    "the lock file `{}` cannot be locked: {error}",
                    lock_path.display()
                )));
            }
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn not_opened(lock_path: &Path, error: &std::io::Error) -> String {
    let directory = lock_path.parent().unwrap_or_else(|| Path::new("/"));
    if !directory.exists() {
        return format!("the directory `{}` does not exist", directory.display());
    }
    if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        return format!("the directory `{}` cannot be written to: {error}", directory.display());
    }
    format!("the lock file `{}` cannot be opened: {error}", lock_path.display())
}
