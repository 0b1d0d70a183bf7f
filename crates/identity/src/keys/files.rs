//! Key files: private, small, whole or not there.

use super::KeyError;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// No key file is larger.
const KEY_FILE_MAX_BYTES: u64 = 256 * 1024;
/// The permission bits of group and others.
const OTHERS: u32 = 0o077;

/// Writes a new file that only its owner can read, and makes it durable.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let refused = |source: std::io::Error| {
        let path = path.to_owned();
        let exists = source.kind() == ErrorKind::AlreadyExists;
        if exists { KeyError::Exists { path } } else { KeyError::Io { path, source } }
    };
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(refused)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(refused)
}

/// Puts a file that only its owner can read in its place, whole or not at all, and makes it durable.
pub(super) fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let fresh = path.with_added_extension("new");
    remove(&fresh)?;
    write_private(&fresh, bytes)?;
    std::fs::rename(&fresh, path).map_err(io)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), KeyError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(KeyError::Io { path: path.to_owned(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(dir: &Path) -> Result<(), KeyError> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(|source| KeyError::Io { path: dir.to_owned(), source })
}

/// Refuses a directory that others than its owner can look into.
pub(super) fn check_directory(dir: &Path) -> Result<(), KeyError> {
    let metadata =
        std::fs::metadata(dir).map_err(|source| KeyError::Io { path: dir.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(KeyError::DirectoryOpenToOthers { path: dir.to_owned(), mode })
}

/// Reads a file that only its owner can read.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let invalid =
        |reason: &str| KeyError::Invalid { path: path.to_owned(), reason: reason.to_owned() };
    let file = File::open(path).map_err(io)?;
    // Asked of the open file: a path could be exchanged between the question and the reading.
    let metadata = file.metadata().map_err(io)?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_file() {
        return Err(invalid("it is not a regular file"));
    }
    if mode & OTHERS != 0 {
        return Err(KeyError::ReadableByOthers { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(KEY_FILE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > KEY_FILE_MAX_BYTES {
        Err(invalid("it is too large"))
    } else {
        Ok(bytes)
    }
}
