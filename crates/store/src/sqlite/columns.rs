//! What the columns of a row hold that the writer's driver gives.

use crate::columns::{Column, FromColumns, broken};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, ValueRef};

macro_rules! as_the_driver_reads {
    ($($kind:ty),+) => {$(
        impl<'r> Column<'r, Row<'_>> for $kind {
            fn read(row: &'r Row<'_>, name: &str) -> Result<Self, sqlx::Error> {
                let value = value(row, name)?;
                FromSql::column_result(value).map_err(|error| not_so(name, &error))
            }
        }
    )+};
}

as_the_driver_reads!(i64, Option<i64>, bool, String, Option<String>);

impl<'r> Column<'r, Row<'_>> for &'r str {
    fn read(row: &'r Row<'_>, name: &str) -> Result<Self, sqlx::Error> {
        value(row, name)?.as_str().map_err(|error| not_so(name, &error))
    }
}

impl<'r> Column<'r, Row<'_>> for &'r [u8] {
    fn read(row: &'r Row<'_>, name: &str) -> Result<Self, sqlx::Error> {
        value(row, name)?.as_bytes().map_err(|error| not_so(name, &error))
    }
}

impl<'r> Column<'r, Row<'_>> for Vec<u8> {
    fn read(row: &'r Row<'_>, name: &str) -> Result<Self, sqlx::Error> {
        <&[u8]>::read(row, name).map(<[u8]>::to_vec)
    }
}

impl<'r> Column<'r, Row<'_>> for Option<&'r [u8]> {
    fn read(row: &'r Row<'_>, name: &str) -> Result<Self, sqlx::Error> {
        value(row, name)?.as_bytes_or_null().map_err(|error| not_so(name, &error))
    }
}

fn value<'r>(row: &'r Row<'_>, name: &str) -> Result<ValueRef<'r>, sqlx::Error> {
    row.get_ref(name).map_err(|_| sqlx::Error::ColumnNotFound(name.to_owned()))
}

fn not_so(name: &str, error: &FromSqlError) -> sqlx::Error {
    broken(format!("column `{name}`: {error}"))
}

/// Rows that are read by the place of their columns.
macro_rules! tuple {
    ($($kind:ident $place:literal),+) => {
        impl<$($kind: FromSql),+> FromColumns<Row<'_>> for ($($kind,)+) {
            fn from_columns(row: &Row<'_>) -> Result<Self, sqlx::Error> {
                Ok(($(row.get($place).map_err(|error| broken(error.to_string()))?,)+))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
