//! From SQLite's errors to what callers act on.

use crate::migrations::migrate_error;
use crate::port::StoreError;

const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const NOTADB: i32 = 26;

/// Whether trying again may help, or the database breaks a rule.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's errors grow, and most of them mean the same to us"
)]
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
            coded(code, error.message())
        }
        sqlx::Error::Decode(problem) => StoreError::Inconsistent(problem.to_string()),
        sqlx::Error::ColumnDecode { index, source } => {
            StoreError::Inconsistent(format!("column {index}: {source}"))
        }
        sqlx::Error::ColumnNotFound(name) => {
            StoreError::Inconsistent(format!("there is no column `{name}`"))
        }
        sqlx::Error::RowNotFound => {
            StoreError::Inconsistent("a row that must exist is missing".to_owned())
        }
        sqlx::Error::PoolClosed => StoreError::Unavailable("it was closed".to_owned()),
        sqlx::Error::PoolTimedOut => StoreError::Unavailable("all readers are busy".to_owned()),
        sqlx::Error::Migrate(error) => migrate_error(*error, store_error),
        other => StoreError::Unavailable(other.to_string()),
    }
}

/// The same for the driver that holds the database file.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn driver_error(error: rusqlite::Error) -> StoreError {
    if let rusqlite::Error::SqliteFailure(code, message) = &error {
        let text = || code.to_string();
        return coded(code.extended_code, &message.clone().unwrap_or_else(text));
    }
    StoreError::Inconsistent(error.to_string())
}

fn coded(code: i32, message: &str) -> StoreError {
    // The low byte is the kind, the rest says more.
    match code & 0xff {
        FULL => StoreError::Unavailable("the disk or the database is full".to_owned()),
        IOERR => {
            StoreError::Unavailable(format!("the disk reported an error ({message}, code {code})"))
        }
        READONLY | PERM => StoreError::Unavailable("the database file is read-only".to_owned()),
        BUSY | LOCKED => {
            StoreError::Unavailable("another program holds a lock on the database file".to_owned())
        }
        CANTOPEN => StoreError::Unavailable("the database file cannot be opened".to_owned()),
        CORRUPT => StoreError::Inconsistent(format!("the database file is damaged ({message})")),
        NOTADB => StoreError::Unsupported("the file is not a database".to_owned()),
        CONSTRAINT => {
            StoreError::Inconsistent(format!("a row breaks a rule of the schema ({message})"))
        }
        _ => StoreError::Unavailable(format!("{message} (code {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_become_what_a_caller_can_do_about_them() {
        #[rustfmt::skip]
        let cases = [
            (13,   "the database is not available: the disk or the database is full"),
            (778,  "the database is not available: the disk reported an error (text, code 778)"),
            (1544, "the database is not available: the database file is read-only"),
            (517,  "the database is not available: another program holds a lock on the database file"),
            (779,  "the database is inconsistent: the database file is damaged (text)"),
            (787,  "the database is inconsistent: a row breaks a rule of the schema (text)"),
            (26,   "the file is not a database"),
            (1,    "the database is not available: text (code 1)"),
        ];
        for (code, sentence) in cases {
            assert_eq!(coded(code, "text").to_string(), sentence);
        }
    }
}
