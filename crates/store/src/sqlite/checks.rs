//! What must hold before a database is used.

use crate::dialect::{
    EMPTY_LOG_SQLITE, LIBRARY_VERSION_SQLITE, TABLES_SQLITE, WRITE_AHEAD_LOG_SQLITE,
};
use crate::migrations::{
    NEWEST_APPLIED, migrate_error, migrator_sqlite, newer_schema, newest_known,
};
use crate::port::StoreError;
use crate::sqlite::connect::Place;
use crate::sqlite::error::store_error;
use crate::sqlite::held::Held;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;

/// The first library without the race between checkpoint and writer that can damage a database.
const LIBRARY_MIN: (u32, u32, u32) = (3, 51, 3);

/// The state of a database's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    /// There are no tables.
    Empty,
    /// The newest step that was taken.
    At(i64),
}

/// Refuses libraries that can damage a database.
pub(crate) fn library(held: &mut Held) -> Result<(), StoreError> {
    let version: Option<(String,)> = held.first(LIBRARY_VERSION_SQLITE)?;
    let version = version.map(|(text,)| text).unwrap_or_default();
    if supported(&version) {
        return Ok(());
    }
    let (major, minor, patch) = LIBRARY_MIN;
    Err(StoreError::Unsupported(format!(
        "SQLite {version} can damage a database: {major}.{minor}.{patch} or newer is needed"
    )))
}

fn supported(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next()) >= LIBRARY_MIN
}

/// Looks whose database this is and how new, without touching it.
pub(crate) fn schema(held: &mut Held, place: &Place) -> Result<Schema, StoreError> {
    let tables: Result<Option<(i64, i64)>, StoreError> = held.first(TABLES_SQLITE);
    match tables {
        Err(StoreError::Unsupported(_)) => Err(place.not_ours()),
        Err(error) => Err(error),
        Ok(None | Some((0, _))) => Ok(Schema::Empty),
        Ok(Some((_, 0))) => Err(place.not_ours()),
        Ok(Some(_)) => {
            let newest: Option<(Option<i64>,)> = held.first(NEWEST_APPLIED)?;
            let version = newest.and_then(|(version,)| version).unwrap_or_default();
            if version > newest_known() {
                Err(StoreError::Unsupported(newer_schema(version)))
            } else {
                Ok(Schema::At(version))
            }
        }
    }
}

/// Brings the schema up to date, on a connection of the driver that knows migrations.
pub(crate) async fn migrate(place: &Place) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(&place.path)
        .synchronous(SqliteSynchronous::Full)
        .journal_mode(SqliteJournalMode::Wal);
    let options = match place.pages_max {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    };
    let mut connection = options.connect().await.map_err(store_error)?;
    // Not `run`, whose future cannot be sent to another thread.
    let migrated = migrator_sqlite().run_direct(None, &mut connection, false).await;
    let closed = connection.close().await;
    migrated.map_err(|error| migrate_error(error, store_error))?;
    closed.map_err(store_error)
}

/// Switches to write-ahead logging, which some file systems cannot do.
pub(crate) fn write_ahead_log(held: &mut Held, path: &Path) -> Result<(), StoreError> {
    let mode: Option<(String,)> = held.first(WRITE_AHEAD_LOG_SQLITE)?;
    if mode.is_some_and(|(mode,)| mode == "wal") {
        return Ok(());
    }
    Err(StoreError::Unsupported(format!(
        "the file system of `{}` cannot hold a database with a write-ahead log",
        path.display()
    )))
}

/// Flushes what an earlier process left in the log: it may stand there unflushed, if the disk failed or the process was killed.
pub(crate) fn empty_log(held: &mut Held) {
    let emptied: Result<Option<(i64, i64)>, StoreError> = held.first(EMPTY_LOG_SQLITE);
    if let Err(error) = emptied {
        // Reading is possible all the same, and the next commit flushes the log too.
        tracing::warn!(%error, "the log of the database could not be emptied");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_before_the_fix_are_refused() {
        #[rustfmt::skip]
        let cases = [
            ("3.51.2", false), ("3.50.9", false), ("3.40.1", false), ("2.99.9", false), ("", false), ("nonsense", false),
            ("3.51.3", true), ("3.52.0", true), ("3.100.1", true), ("4.0.0", true),
        ];
        for (version, want) in cases {
            assert_eq!(supported(version), want, "{version}");
        }
    }
}
