//! The key that encrypts the others: where it is, and the directory that it opens.

use super::directory::Directory;
use super::failure::Failure;
use super::settings::Settings;
use dayend_identity::keys::{KeyDirectory, KeyError, MasterKey};
use std::path::Path;

/// Where the key may stand instead of in a file.
const VARIABLE: &str = "DAYEND_MASTER_KEY";

/// The keys of a data directory, with the master key that these settings name.
pub(super) fn keys_of(directory: &Directory, settings: &Settings) -> Result<KeyDirectory, Failure> {
    let master = match &settings.master_key_file {
        Some(path) => Some(master_key(path)?),
        None => from_environment()?,
    };
    Ok(KeyDirectory::new(directory.keys(), master))
}

/// The key in a file.
pub(super) fn master_key(path: &Path) -> Result<MasterKey, Failure> {
    MasterKey::read(path).map_err(|error| {
        // "Restore it from a backup" is for keys that Dayend made.
        let KeyError::Io { source, .. } = error else { return Failure::usage(error.to_string()) };
        Failure::usage(format!("the master key {} cannot be read: {source}", path.display()))
    })
}

fn from_environment() -> Result<Option<MasterKey>, Failure> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let key = text.to_str().and_then(MasterKey::from_text);
    let bad = || Failure::usage(KeyError::BadMasterKey(VARIABLE.to_owned()).to_string());
    key.map(Some).ok_or_else(bad)
}
