//! Connections to the database file.

use crate::port::StoreError;
use crate::sqlite::error::driver_error;
use crate::sqlite::files::{Files, explained};
use crate::sqlite::held::Held;
use rusqlite::{Connection, OpenFlags};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a statement waits for a lock of another program (a backup tool, say).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many prepared statements a connection keeps: all of ours.
const STATEMENTS_KEPT: usize = 128;
/// What holds for every connection. The page cache is in KiB (SQLite wants it negative); the log is cut back to a size in
/// bytes after it was longer, and moved into the file when it has that many pages.
const SETTINGS: [&str; 5] = [
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cache_size = -16384",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA wal_autocheckpoint = 4000",
];

/// The database file and how large it may become.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// In pages of 4 KiB.
    pub(crate) pages_max: Option<u32>,
    /// As they were found; none: nothing is written to them, or they are still being opened.
    pub(crate) files: Option<Arc<Files>>,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It makes the file if it is missing.
    Create,
    Write,
    Read,
}

impl Place {
    /// Opens a connection.
    pub(crate) fn connect(&self, access: Access) -> Result<Held, StoreError> {
        self.look()?;
        self.opened(access).map_err(|error| match driver_error(error) {
            StoreError::Unsupported(_) => self.not_ours(),
            StoreError::Unavailable(problem) => {
                let problem = format!("`{}`: {problem}", self.path.display());
                explained(StoreError::Unavailable(problem), &self.path)
            }
            other @ (StoreError::Inconsistent(_) | StoreError::InUse(_)) => other,
        })
    }

    /// Whether the files are still those that were opened; they are looked at now.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        self.files.as_ref().map_or(Ok(()), |files| files.look())
    }

    /// The same; they are looked at now and then.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.files.as_ref().map_or(Ok(()), |files| files.check())
    }

    /// The error for a file that another program made.
    pub(crate) fn not_ours(&self) -> StoreError {
        StoreError::Unsupported(format!("`{}` is not a database of Dayend", self.path.display()))
    }

    fn opened(&self, access: Access) -> rusqlite::Result<Held> {
        // Each connection is used by one thread at a time. A reader too must be able to write: to the index of the log.
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, access == Access::Create);
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        SETTINGS.into_iter().try_for_each(|setting| connection.execute_batch(setting))?;
        match access {
            Access::Create | Access::Write => {
                connection.execute_batch("PRAGMA synchronous = FULL;")?;
            }
            Access::Read => connection.execute_batch("PRAGMA query_only = ON;")?,
        }
        if let Some(pages) = self.pages_max {
            connection.execute_batch(&format!("PRAGMA max_page_count = {pages};"))?;
        }
        Ok(Held::new(connection))
    }
}
