//! The directory of the keys, and whether they are encrypted in it.

use super::files::{
    check_directory, read_private, remove, replace_private, sync_directory, write_private,
};
use super::master_key::is_sealed;
use super::ring::Ring;
use super::{KeyError, MasterKey, RING_FILE};
use std::fs::{File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Held by whoever changes keys.
const LOCK_FILE: &str = "lock";

/// Where the keys are, and the key that encrypts them there, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDirectory {
    dir: PathBuf,
    master: Option<MasterKey>,
}

/// Tells whether the ring has been replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(Option<(u64, i64, i64, u64)>);

impl KeyDirectory {
    /// The directory at `dir`; with a master key, everything secret in it is encrypted.
    pub fn new(dir: PathBuf, master: Option<MasterKey>) -> Self {
        Self { dir, master }
    }

    /// The same directory under another master key, or under none.
    #[must_use]
    pub fn under(&self, master: Option<MasterKey>) -> Self {
        Self { dir: self.dir.clone(), master }
    }

    pub(super) fn master(&self) -> Option<&MasterKey> {
        self.master.as_ref()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes the directory, for its owner only.
    pub(super) fn make(&self) -> Result<(), KeyError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        // One that is there already was made for another purpose.
        let private = || std::fs::set_permissions(&self.dir, Permissions::from_mode(0o700));
        made.and_then(|()| private())
            .map_err(|source| KeyError::Io { path: self.dir.clone(), source })
    }

    pub(super) fn check(&self) -> Result<(), KeyError> {
        check_directory(&self.dir)
    }

    pub(super) fn sync(&self) -> Result<(), KeyError> {
        sync_directory(&self.dir)
    }

    /// The content of a secret file. Whether it is encrypted must be as configured: a file that is not, where a master key
    /// is, was laid there by somebody.
    pub(super) fn read(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let path = self.path(name);
        let bytes = read_private(&path)?;
        match (&self.master, is_sealed(&bytes)) {
            (None, false) => Ok(bytes),
            (None, true) => Err(KeyError::Encrypted { path }),
            (Some(_), false) => Err(KeyError::NotEncrypted { path }),
            (Some(master), true) => {
                master.open(name, &bytes).ok_or(KeyError::WrongMasterKey { path })
            }
        }
    }

    /// The content of a file that is no secret.
    pub(super) fn read_public(&self, name: &str) -> Result<Vec<u8>, KeyError> {
        read_private(&self.path(name)).map(|bytes| bytes.to_vec())
    }

    /// Writes a new secret file.
    pub(super) fn create(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        write_private(&self.path(name), &self.at_rest(name, bytes))
    }

    pub(super) fn create_public(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        write_private(&self.path(name), bytes)
    }

    /// Puts a secret file in its place, whole or not at all.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        replace_private(&self.path(name), &self.at_rest(name, bytes))
    }

    pub(super) fn replace_public(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        replace_private(&self.path(name), bytes)
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), KeyError> {
        remove(&self.path(name))
    }

    fn at_rest(&self, name: &str, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match &self.master {
            Some(master) => master.seal(name, bytes),
            None => bytes.to_vec(),
        })
    }

    /// The ring; without a file, the one of a server whose keys were never changed.
    pub(super) fn ring(&self) -> Result<Ring, KeyError> {
        let path = self.path(RING_FILE);
        if !exists(&path)? {
            return Ok(Ring::of_one());
        }
        let bytes = self.read(RING_FILE)?;
        Ring::read(&bytes).map_err(|reason| KeyError::Invalid { path, reason })
    }

    pub(super) fn put_ring(&self, ring: &Ring) -> Result<(), KeyError> {
        self.replace(RING_FILE, &ring.written())
    }

    /// Changes when the ring does.
    pub(super) fn stamp(&self) -> Stamp {
        let metadata = std::fs::metadata(self.path(RING_FILE)).ok();
        Stamp(metadata.map(|data| (data.ino(), data.mtime(), data.mtime_nsec(), data.len())))
    }

    /// Lets one process at a time change keys; waits for its turn. The lock ends with the file.
    pub(super) fn lock(&self) -> Result<File, KeyError> {
        let path = self.path(LOCK_FILE);
        let open = || {
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(|source| KeyError::Io { path: path.clone(), source })
    }
}

fn exists(path: &Path) -> Result<bool, KeyError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(KeyError::Io { path: path.to_owned(), source }),
    }
}
