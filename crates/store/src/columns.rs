//! From stored columns to types that are valid by construction: a value that breaks our own rules is an error, never a default.

use crate::fingerprint::fingerprint;
use crate::values::Value;
use dayend_engine::definition::Kind;
use std::fmt::Display;
use std::str::FromStr;

/// Implements `sqlx::FromRow` with one body for the rows of each database.
macro_rules! row {
    ($name:ty, |$row:ident| $body:expr) => {
        impl<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> for $name {
            fn from_row($row: &'r sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                $body
            }
        }
    };
}

/// A stored value that breaks our own rules.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(String);

/// The error for a stored value that breaks our own rules.
pub(crate) fn broken(problem: String) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(Broken(problem)))
}

/// A number in its true width.
pub(crate) fn number<T: TryFrom<i64>>(value: i64, column: &str) -> Result<T, sqlx::Error> {
    T::try_from(value)
        .map_err(|_| broken(format!("column `{column}` holds {value}, which is out of range")))
}

/// A text that must be a code, an id or a date.
pub(crate) fn parsed<T: FromStr<Err: Display>>(text: &str, column: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|error: T::Err| broken(format!("column `{column}`: {error}")))
}

/// A kind of definition.
pub(crate) fn kind(text: &str) -> Result<Kind, sqlx::Error> {
    [Kind::Batch, Kind::BatchGroup, Kind::Connection]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| broken("column `kind` holds no kind of definition".to_owned()))
}

/// A hash of 32 bytes.
pub(crate) fn hash(bytes: &[u8], column: &str) -> Result<[u8; 32], sqlx::Error> {
    bytes.try_into().map_err(|_| {
        broken(format!("column `{column}` holds {} bytes instead of a hash", bytes.len()))
    })
}

/// Refuses a row whose columns are not those that were written; `what` names the row.
pub(crate) fn sealed(
    what: impl Display,
    values: &[Value<'_>],
    stored: &[u8],
) -> Result<(), sqlx::Error> {
    let intact = fingerprint(values) == stored;
    if intact { Ok(()) } else { Err(broken(format!("{what} does not match its fingerprint"))) }
}
