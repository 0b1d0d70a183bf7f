//! Making the keys of a new server.

use super::ring::{FIRST_KEY_ID, RingKey};
use super::signing_key::generate;
use super::{KeyDirectory, KeyError, SERVER_KEY_FILE};
use crate::random;
use std::path::Path;
use zeroize::Zeroizing;

/// Makes keys that are not encrypted; see [`KeyDirectory::fill`].
pub fn create(dir: &Path) -> Result<(), KeyError> {
    KeyDirectory::new(dir.to_owned(), None).fill()
}

impl KeyDirectory {
    /// Makes the directory (0700) with a signing key, its self-signed certificate and a server key, each file 0600;
    /// overwrites nothing.
    pub fn fill(&self) -> Result<(), KeyError> {
        self.make()?;
        let first = RingKey::first();
        let fresh = generate(FIRST_KEY_ID).map_err(|reason| KeyError::Invalid {
            path: self.path(&first.private_file()),
            reason,
        })?;
        self.create(SERVER_KEY_FILE, Zeroizing::new(random::bytes::<32>()).as_slice())?;
        self.create_public(&first.certificate_file(), &fresh.certificate)?;
        self.create(&first.private_file(), fresh.pem.as_bytes())?;
        self.sync()
    }
}
