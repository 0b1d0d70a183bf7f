//! The Python with the clients and servers that nobody here wrote: `test.sh` installs them.

use std::path::PathBuf;

/// The interpreter that knows the packages of `crates/testkit/python/requirements.txt`.
///
/// # Panics
///
/// If they are not installed; the message says how.
pub fn interpreter() -> PathBuf {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin/python"));
    assert!(path.exists(), "{} is missing: install it with `./test.sh python`", path.display());
    path
}
