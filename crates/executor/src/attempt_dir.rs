//! The directory of one attempt: who claimed it, how it ended, what it wrote.

use crate::port::FileNote;
use dayend_engine::codes::AttemptId;
use dayend_engine::time::Timestamp;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The largest piece of a log that is read at once.
const LOG_PIECE_MAX_BYTES: usize = 1024 * 1024;

/// What stands in the claim of a server; a shim's is empty.
const VOID: &[u8] = b"void\n";

/// The files of one attempt, below the attempts directory at `<run>/<node>-<epoch>`.
#[derive(Clone, Debug)]
pub(crate) struct AttemptDir {
    path: PathBuf,
}

impl AttemptDir {
    /// Where the attempt's files are, whether they exist or not.
    pub(crate) fn of(attempts_dir: &Path, id: AttemptId) -> Self {
        Self {
            path: attempts_dir.join(id.run.0.to_string()).join(format!("{}-{}", id.node, id.epoch)),
        }
    }

    /// The attempt whose directory this is, as told to a shim.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the shim is to run.
    pub(crate) fn spec(&self) -> PathBuf {
        self.path.join("spec.json")
    }

    /// Its existence says that somebody claimed the attempt: a shim to run it, or a server to void it.
    pub(crate) fn started(&self) -> PathBuf {
        self.path.join("started")
    }

    /// How it ended; appears whole or not at all.
    pub(crate) fn outcome(&self) -> PathBuf {
        self.path.join("outcome.json")
    }

    /// Its existence asks the shim to stop the command.
    pub(crate) fn stop(&self) -> PathBuf {
        self.path.join("stop")
    }

    /// A FIFO that the shim listens on: a byte makes it look for [`Self::stop`] at once.
    pub(crate) fn wake(&self) -> PathBuf {
        self.path.join("wake")
    }

    /// Locked by the shim while it lives.
    pub(crate) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The command's current directory, removed afterwards.
    pub(crate) fn cwd(&self) -> PathBuf {
        self.path.join("cwd")
    }

    /// Which files were fetched for the command.
    pub(crate) fn fetched(&self) -> PathBuf {
        self.path.join("fetched.json")
    }

    /// Which files were collected from it; nothing is left to collect.
    pub(crate) fn collected(&self) -> PathBuf {
        self.path.join("collected.json")
    }

    /// Writes files down.
    pub(crate) fn write_notes(&self, target: &Path, notes: &[FileNote]) -> io::Result<()> {
        self.write_durably(target, &serde_json::to_vec(notes)?)
    }

    /// The files that were written down. None: they were not.
    pub(crate) fn notes(target: &Path) -> Option<Vec<FileNote>> {
        serde_json::from_slice(&fs::read(target).ok()?).ok()
    }

    /// Removes the command's directory with all that is in it; fine if there is none.
    pub(crate) fn clear_cwd(&self) {
        // Mostly nothing is in it. What cannot be removed now goes with the attempt's directory.
        if fs::remove_dir(self.cwd()).is_err() {
            let _ = fs::remove_dir_all(self.cwd());
        }
    }

    /// Makes the directory and those above it; fine if they exist.
    pub(crate) fn create(&self, mode: u32) -> io::Result<()> {
        let make = || DirBuilder::new().recursive(true).mode(mode).create(&self.path);
        match make() {
            // The run's directory was empty and has just been removed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(),
            done => done,
        }
    }

    /// Claims the attempt in order to run it. False: somebody else did before. The claim is durable when this returns.
    pub(crate) fn claim(&self) -> io::Result<bool> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.started()) {
            Ok(_) => self.sync_up_to_the_root().map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Claims the attempt so that nobody can ever run it. False: a shim claimed it before. The claim is durable when this
    /// returns, and whoever asks again gets the same answer: the file appears with what says so, by a link.
    pub(crate) fn void(&self) -> io::Result<bool> {
        let draft = self.path.join("void");
        self.write_durably(&draft, VOID)?;
        match fs::hard_link(&draft, self.started()) {
            Ok(()) => self.sync_up_to_the_root().map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(fs::read(self.started())? == VOID)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the file whose lock says "alive", without locking it.
    pub(crate) fn open_lock(&self) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.lock())
    }

    /// Writes a file whole: write, fsync, rename, fsync the directory.
    pub(crate) fn write_durably(&self, target: &Path, content: &[u8]) -> io::Result<()> {
        let draft = target.with_extension("draft");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, target)?;
        File::open(&self.path)?.sync_all()
    }

    /// Makes the names in the directory, its own name and its parent's durable.
    fn sync_up_to_the_root(&self) -> io::Result<()> {
        self.path.ancestors().take(3).try_for_each(|dir| File::open(dir)?.sync_all())
    }

    /// Bytes of the log from `offset` on, and where the next piece begins. None: there is no log.
    pub(crate) fn read_log(&self, offset: u64, limit: usize) -> io::Result<Option<(Vec<u8>, u64)>> {
        let mut file = match File::open(self.log()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let offset = file.seek(SeekFrom::Start(offset.min(length)))?;
        let mut piece = Vec::new();
        let limit = u64::try_from(limit.min(LOG_PIECE_MAX_BYTES)).unwrap_or(u64::MAX);
        let read = file.take(limit).read_to_end(&mut piece)?;
        Ok(Some((piece, offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX)))))
    }
}

/// When the file was last changed; none if it does not exist.
pub(crate) fn changed_at(path: &Path) -> Option<Timestamp> {
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp)
}
