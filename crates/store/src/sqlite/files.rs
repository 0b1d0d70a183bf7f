//! Whether the database's files are still those that were opened. What is written to a file that was deleted or replaced is
//! gone with the process, so nothing may be accepted any more.

use crate::port::StoreError;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The files are looked at before a commit, if the last look is older.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Where less is left, a disk is called full: SQLite needs more for a commit of many rows.
const ROOM_MIN_BYTES: u64 = 256 * 1024;
/// The bits of a mode that let a file be changed.
const WRITABLE: u32 = 0o222;

/// The files of one database, as they were when it was opened.
#[derive(Debug)]
pub(crate) struct Files {
    opened: Vec<(PathBuf, Identity)>,
    looked_at: Mutex<Instant>,
}

/// What makes a file the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Files {
    /// Those of a database that has just been opened.
    pub(crate) fn of(database: &Path) -> Result<Self, StoreError> {
        let beside = |end: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let mut opened = Vec::new();
        for path in [database.to_owned(), beside("-wal"), beside("-shm")] {
            let metadata = std::fs::metadata(&path).map_err(|error| missing(&path, &error))?;
            opened.push((path, Identity::of(&metadata)));
        }
        let looked_at = Mutex::new(Instant::now());
        Ok(Self { opened, looked_at })
    }

    /// Says what is wrong with the files, if somebody has touched them; looks now and then.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if looked_at.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.look()?;
        *looked_at = Instant::now();
        Ok(())
    }

    /// The same, now.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        self.opened.iter().try_for_each(|(path, identity)| same(path, *identity))
    }
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

fn same(path: &Path, identity: Identity) -> Result<(), StoreError> {
    let metadata = std::fs::metadata(path).map_err(|error| missing(path, &error))?;
    if Identity::of(&metadata) != identity {
        return Err(StoreError::Unavailable(format!(
            "`{}` is not the file any more that this server opened: put that one back before the server stops",
            path.display()
        )));
    }
    if metadata.mode() & WRITABLE == 0 {
        let path = path.display();
        let sentence = format!("`{path}` was made read-only: run `chmod 600 {path}`");
        return Err(StoreError::Unavailable(sentence));
    }
    Ok(())
}

fn missing(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(if error.kind() == io::ErrorKind::NotFound {
        format!("`{}` was moved or deleted: put it back before the server stops", path.display())
    } else {
        format!("`{}` cannot be looked at: {error}", path.display())
    })
}

/// The error, or the full disk that is behind it: SQLite calls it many names.
pub(crate) fn explained(error: StoreError, database: &Path) -> StoreError {
    match error {
        StoreError::Unavailable(problem) => {
            StoreError::Unavailable(full(database).unwrap_or(problem))
        }
        other @ (StoreError::Inconsistent(_)
        | StoreError::InUse(_)
        | StoreError::Unsupported(_)) => other,
    }
}

fn full(database: &Path) -> Option<String> {
    let directory = database.parent()?;
    let about = rustix::fs::statvfs(directory).ok()?;
    let left = about.f_bavail.saturating_mul(about.f_frsize);
    // Some file systems do not count their inodes.
    let no_inodes = about.f_files > 0 && about.f_favail == 0;
    let shown = directory.display();
    if left < ROOM_MIN_BYTES {
        Some(format!("the disk is full: {} KiB are left for `{shown}`", left / 1024))
    } else if no_inodes {
        Some(format!("the disk is full: no more files can be made in `{shown}`"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_moved_replaced_or_protected_are_noticed_until_they_are_back() {
        let home = tempfile::tempdir().unwrap();
        let database = home.path().join("dayend.db");
        let log = home.path().join("dayend.db-wal");
        for name in ["dayend.db", "dayend.db-wal", "dayend.db-shm"] {
            std::fs::write(home.path().join(name), "").unwrap();
        }
        let files = Files::of(&database).unwrap();
        files.look().unwrap();
        let away = home.path().join("away");
        std::fs::rename(&log, &away).unwrap();
        assert!(files.look().unwrap_err().to_string().contains("dayend.db-wal` was moved"));
        std::fs::write(&log, "").unwrap();
        assert!(files.look().unwrap_err().to_string().contains("is not the file any more"));
        std::fs::rename(&away, &log).unwrap();
        files.look().unwrap();
        let mut permissions = std::fs::metadata(&database).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&database, permissions).unwrap();
        assert!(files.look().unwrap_err().to_string().contains("was made read-only"));
    }
}
