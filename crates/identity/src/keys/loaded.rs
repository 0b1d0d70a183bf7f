//! The keys of a running server, and why there are none.

use super::KeyDirectory;
use super::server_key::ServerKey;
use super::signing_keys::SigningKeys;
use std::fmt;
use std::path::{Path, PathBuf};

pub(super) const SERVER_KEY_FILE: &str = "secrets.key";
/// Which signing keys there are, and from when to when each counts.
pub(super) const RING_FILE: &str = "keys.json";

/// The loaded keys of a server.
pub struct Keys {
    pub(crate) signing: SigningKeys,
    pub(crate) server: ServerKey,
}

/// Why the keys cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("`{}` exists already, and keys are never overwritten", path.display())]
    Exists { path: PathBuf },
    #[error("`{}` can be read by others than its owner (mode {mode:03o}): run `chmod 600` on it", path.display())]
    ReadableByOthers { path: PathBuf, mode: u32 },
    #[error("the directory `{}` is open to others than its owner (mode {mode:03o}): run `chmod 700` on it", path.display())]
    DirectoryOpenToOthers { path: PathBuf, mode: u32 },
    #[error("`{}` cannot be used: {source}{}", path.display(), remedy(source))]
    Io { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not a usable key: {reason}; restore it from a backup", path.display())]
    Invalid { path: PathBuf, reason: String },
    #[error("{0} holds no master key: 32 bytes, or 64 hex digits, or their base64")]
    BadMasterKey(String),
    #[error("`{}` is encrypted: name the file with the master key in `identity.master_key_file`", path.display())]
    Encrypted { path: PathBuf },
    #[error("`{}` is not encrypted, but a master key is configured: run `dayend admin keys encrypt`", path.display())]
    NotEncrypted { path: PathBuf },
    #[error("`{}` cannot be decrypted: the master key is another one, or the file is damaged; nothing was changed", path.display())]
    WrongMasterKey { path: PathBuf },
}

/// A key that is gone cannot be made again: tokens and secrets rest on it.
fn remedy(source: &std::io::Error) -> &'static str {
    if source.kind() == std::io::ErrorKind::NotFound { "; restore it from a backup" } else { "" }
}

impl Keys {
    /// Loads keys that are not encrypted.
    pub fn load(dir: &Path) -> Result<Self, KeyError> {
        Self::open(&KeyDirectory::new(dir.to_owned(), None))
    }

    /// Loads the keys of a directory; refuses files that others can read.
    pub fn open(directory: &KeyDirectory) -> Result<Self, KeyError> {
        directory.check()?;
        let server = ServerKey::load(directory)?;
        Ok(Self { signing: SigningKeys::load(directory)?, server })
    }

    /// A key for one purpose, the same one at every start.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        self.server.derive(label)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keys(…)")
    }
}
