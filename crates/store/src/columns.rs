//! From stored columns to types that are valid by construction: a value that breaks our own rules is an error, never a default.

use crate::fingerprint::fingerprint;
use crate::values::Value;
use dayend_engine::definition::Kind;
use std::fmt::Display;
use std::str::FromStr;

/// Implements [`FromColumns`] and `sqlx::FromRow` with one body for the rows of each driver.
macro_rules! row {
    ($name:ty, |$row:ident| $body:expr) => {
        row!(@ rusqlite::Row<'_>, $name, |$row| $body);
        row!(@ sqlx::postgres::PgRow, $name, |$row| $body);
        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                crate::columns::FromColumns::from_columns(row)
            }
        }
    };
    (@ $of:ty, $name:ty, |$row:ident| $body:expr) => {
        impl crate::columns::FromColumns<$of> for $name {
            fn from_columns(row: &$of) -> Result<Self, sqlx::Error> {
                let $row = crate::columns::Columns(row);
                $body
            }
        }
    };
}

/// What can be read from a row `R`.
pub(crate) trait FromColumns<R>: Sized {
    /// Reads the row.
    fn from_columns(row: &R) -> Result<Self, sqlx::Error>;
}

/// The columns of a row.
pub(crate) struct Columns<'r, R>(pub(crate) &'r R);

impl<'r, R> Columns<'r, R> {
    /// The value of a column.
    pub(crate) fn try_get<T: Column<'r, R>>(&self, name: &str) -> Result<T, sqlx::Error> {
        T::read(self.0, name)
    }

    /// The whole row as something else.
    pub(crate) fn whole<T: FromColumns<R>>(&self) -> Result<T, sqlx::Error> {
        T::from_columns(self.0)
    }
}

/// What a column can hold in the rows `R`.
pub(crate) trait Column<'r, R>: Sized {
    /// The value of a column.
    fn read(row: &'r R, name: &str) -> Result<Self, sqlx::Error>;
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
