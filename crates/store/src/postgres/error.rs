//! From PostgreSQL's errors to what callers act on.

use crate::migrations::migrate_error;
use crate::port::StoreError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// What an error means for the transaction that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The database took the transaction back, and it may succeed when it runs again.
    Again,
    /// The connection is of no use any more; what became of a COMMIT under way is open.
    Broken,
}

/// What an error means for the transaction; none: only the statement failed.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's errors grow, and only these three end a connection"
)]
pub(crate) fn trouble(error: &sqlx::Error) -> Option<Trouble> {
    match error {
        sqlx::Error::Database(error) => {
            let fatal = error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| {
                matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
            });
            of_code(error.code().unwrap_or_default().as_ref(), fatal)
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => {
            Some(Trouble::Broken)
        }
        _ => None,
    }
}

fn of_code(code: &str, fatal: bool) -> Option<Trouble> {
    match code {
        // A serialization failure; a deadlock.
        "40001" | "40P01" => Some(Trouble::Again),
        // The completion of a statement is unknown. The primary became a standby: this connection leads to the wrong server.
        "40003" | "25006" => Some(Trouble::Broken),
        _ if fatal || code.starts_with("08") || code.starts_with("57P") => Some(Trouble::Broken),
        _ => None,
    }
}

/// Whether trying again may help, or the database breaks a rule.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's errors grow, and most of them mean the same to us"
)]
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            coded(error.code().unwrap_or_default().as_ref(), error.message())
        }
        sqlx::Error::Decode(problem) => StoreError::Inconsistent(problem.to_string()),
        sqlx::Error::ColumnDecode { index, source } => {
            StoreError::Inconsistent(format!("column {index}: {source}"))
        }
        sqlx::Error::ColumnNotFound(name) => {
            StoreError::Inconsistent(format!("there is no column `{name}`"))
        }
        sqlx::Error::PoolClosed => StoreError::Unavailable("it was closed".to_owned()),
        sqlx::Error::PoolTimedOut => {
            StoreError::Unavailable("all readers are busy, or it cannot be reached".to_owned())
        }
        sqlx::Error::Migrate(error) => migrate_error(*error, store_error),
        sqlx::Error::Io(error) => {
            StoreError::Unavailable(format!("the connection failed: {error}"))
        }
        other => StoreError::Unavailable(other.to_string()),
    }
}

/// A pooler that gives each transaction to another session cannot be used: the lock is a session's.
pub(crate) fn shared_sessions() -> StoreError {
    StoreError::Unsupported(
        "a pooler stands before the database server and shares its sessions (`pool_mode = transaction`): connect to the server itself, or by a pool in session mode"
            .to_owned(),
    )
}

fn coded(code: &str, message: &str) -> StoreError {
    match code {
        "53100" => StoreError::Unavailable("the disk of the database server is full".to_owned()),
        "53300" => StoreError::Unavailable("the database server has no connection left".to_owned()),
        "25006" => StoreError::Unavailable(
            "the database server is read-only: it is a standby, or became one".to_owned(),
        ),
        "57014" => StoreError::Unavailable("a statement took too long".to_owned()),
        "55P03" => StoreError::Unavailable("another program holds a lock on a table".to_owned()),
        "57P01" | "57P02" | "57P03" => StoreError::Unavailable(format!(
            "the database server is going down or coming up ({message})"
        )),
        "22021" | "22P05" => {
            StoreError::Inconsistent(format!("a text cannot be stored ({message})"))
        }
        // Statements that were prepared on one session are missing, or there already: it is not always the same one.
        "26000" | "42P05" => shared_sessions(),
        "08P01" if message.contains("startup parameter") => StoreError::Unsupported(format!(
            "a pooler stands before the database server and refuses a session's settings ({message}): connect to the server itself, or let the pooler ignore them"
        )),
        "42501" => StoreError::Unsupported(format!("the database role may not do it: {message}")),
        "3D000" => StoreError::Unavailable(message.to_owned()),
        _ => match code.get(..2) {
            Some("28") => StoreError::Unavailable(format!(
                "the database server refuses the log-in ({message})"
            )),
            Some("23") => {
                StoreError::Inconsistent(format!("a row breaks a rule of the schema ({message})"))
            }
            Some("XX") => StoreError::Inconsistent(format!("the database is damaged ({message})")),
            Some("42") => {
                StoreError::Unsupported(format!("the database's schema is another one ({message})"))
            }
            _ => StoreError::Unavailable(format!("{message} (code {code})")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_what_a_caller_can_do_about_them() {
        #[rustfmt::skip]
        let cases = [
            ("53100", "the database is not available: the disk of the database server is full"),
            ("25006", "the database is not available: the database server is read-only: it is a standby, or became one"),
            ("57014", "the database is not available: a statement took too long"),
            ("57P01", "the database is not available: the database server is going down or coming up (text)"),
            ("28P01", "the database is not available: the database server refuses the log-in (text)"),
            ("23505", "the database is inconsistent: a row breaks a rule of the schema (text)"),
            ("XX001", "the database is inconsistent: the database is damaged (text)"),
            ("42P01", "the database's schema is another one (text)"),
            ("22012", "the database is not available: text (code 22012)"),
            ("",      "the database is not available: text (code )"),
        ];
        for (code, sentence) in cases {
            assert_eq!(coded(code, "text").to_string(), sentence);
        }
    }

    #[test]
    fn a_conflict_is_tried_again_and_a_connection_to_the_wrong_server_is_given_up() {
        #[rustfmt::skip]
        let cases = [
            ("40001", false, Some(Trouble::Again)),
            ("40P01", false, Some(Trouble::Again)),
            ("40003", false, Some(Trouble::Broken)),
            ("25006", false, Some(Trouble::Broken)),
            ("57P01", true,  Some(Trouble::Broken)),
            ("08006", false, Some(Trouble::Broken)),
            ("XX000", true,  Some(Trouble::Broken)),
            ("23505", false, None),
            ("57014", false, None),
        ];
        for (code, fatal, want) in cases {
            assert_eq!(of_code(code, fatal), want, "{code}");
        }
    }
}
