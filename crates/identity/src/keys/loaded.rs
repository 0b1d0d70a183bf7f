//! The keys of a running server, and why there are none.

use super::server_key::ServerKey;
use super::signing_key::SigningKey;
use std::fmt;
use std::path::{Path, PathBuf};

/// The name under which the signing key is published.
pub(crate) const SIGNING_KEY_ID: &str = "SIGNING_KEY";

pub(super) const SIGNING_KEY_FILE: &str = "signing.key";
pub(super) const SIGNING_CERTIFICATE_FILE: &str = "signing.der";
pub(super) const SERVER_KEY_FILE: &str = "secrets.key";

/// The loaded keys of a server.
pub struct Keys {
    pub(crate) signing: SigningKey,
    pub(crate) server: ServerKey,
}

/// Why the keys cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("`{}` exists already, and keys are never overwritten", path.display())]
    Exists { path: PathBuf },
    #[error("`{}` can be read by others than its owner (mode {mode:03o}): run `chmod 600` on it", path.display())]
    ReadableByOthers { path: PathBuf, mode: u32 },
    #[error("`{}` cannot be used: {source}{}", path.display(), remedy(source))]
    Io { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not a usable key: {reason}; restore it from a backup", path.display())]
    Invalid { path: PathBuf, reason: String },
}

/// A key that is gone cannot be made again: tokens and secrets rest on it.
fn remedy(source: &std::io::Error) -> &'static str {
    if source.kind() == std::io::ErrorKind::NotFound { "; restore it from a backup" } else { "" }
}

impl Keys {
    /// Loads the keys that [`super::create`] made; refuses files that others can read.
    pub fn load(dir: &Path) -> Result<Self, KeyError> {
        let server = ServerKey::load(&dir.join(SERVER_KEY_FILE))?;
        let signing =
            SigningKey::load(&dir.join(SIGNING_KEY_FILE), &dir.join(SIGNING_CERTIFICATE_FILE))?;
        Ok(Self { signing, server })
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
