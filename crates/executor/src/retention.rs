//! Directories of attempts that nobody needs any more.

use crate::attempt_dir::{AttemptDir, changed_at};
use crate::executors::Executors;
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::time::Timestamp;
use std::fs;
use std::io;
use std::path::Path;

impl Executors {
    /// The runs that have directories of attempts, none of them younger than `before`. Reads the disk.
    pub fn runs_with_old_attempts(&self, before: Timestamp) -> io::Result<Vec<RunKey>> {
        let entries = match fs::read_dir(self.attempts_dir()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry?;
            let run = entry.file_name().to_str().and_then(|name| name.parse().ok());
            let is_old = changed_at(&entry.path()).is_some_and(|at| at < before);
            runs.extend(run.filter(|_| is_old).map(RunKey));
        }
        Ok(runs)
    }

    /// Removes what attempts of an ended run left on the disk, if it is older than `before`, and says of how many.
    /// An attempt that is under way, here or under a shim, keeps its directory. Writes the disk.
    pub fn forget_attempts(&self, run: RunKey, before: Timestamp) -> io::Result<usize> {
        let dir = self.attempts_dir().join(run.0.to_string());
        let mut forgotten = 0;
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            let Some(id) = attempt_in(run, &path) else { continue };
            if !self.is_live(id) && is_over(&path, before) {
                fs::remove_dir_all(&path)?;
                forgotten += 1;
            }
        }
        match fs::remove_dir(&dir) {
            Ok(()) => Ok(forgotten),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(forgotten),
            Err(error) => Err(error),
        }
    }
}

/// The attempt whose directory this is; none: it is something else, and not ours to remove.
fn attempt_in(run: RunKey, path: &Path) -> Option<AttemptId> {
    let (node, epoch) = path.file_name()?.to_str()?.split_once('-')?;
    Some(AttemptId { run, node: node.parse().ok()?, epoch: epoch.parse().ok()? })
}

/// Whether nothing happened in the directory since `before`, and no shim is alive in it.
fn is_over(path: &Path, before: Timestamp) -> bool {
    let dir = AttemptDir::at(path.to_path_buf());
    let last = changed_at(path).max(changed_at(&dir.log()));
    let lock = fs::File::open(dir.lock());
    let is_free = lock.is_ok_and(|lock| lock.try_lock().is_ok()) || !dir.lock().exists();
    last.is_some_and(|at| at < before) && is_free
}
