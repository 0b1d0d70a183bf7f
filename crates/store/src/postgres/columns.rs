//! What the columns of a PostgreSQL row hold.

use crate::columns::{Column, broken};
use crate::postgres::text::unescaped;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

macro_rules! as_the_driver_reads {
    ($($kind:ty),+) => {$(
        impl<'r> Column<'r, PgRow> for $kind {
            fn read(row: &'r PgRow, name: &str) -> Result<Self, sqlx::Error> {
                row.try_get(name)
            }
        }
    )+};
}

as_the_driver_reads!(i64, Option<i64>, bool, &'r [u8], Option<&'r [u8]>, Vec<u8>);

/// For codes, kinds and the like, which hold no letter that must be escaped.
impl<'r> Column<'r, PgRow> for &'r str {
    fn read(row: &'r PgRow, name: &str) -> Result<Self, sqlx::Error> {
        row.try_get(name)
    }
}

impl<'r> Column<'r, PgRow> for String {
    fn read(row: &'r PgRow, name: &str) -> Result<Self, sqlx::Error> {
        text(row.try_get(name)?, name)
    }
}

impl<'r> Column<'r, PgRow> for Option<String> {
    fn read(row: &'r PgRow, name: &str) -> Result<Self, sqlx::Error> {
        row.try_get::<Option<&str>, _>(name)?.map(|stored| text(stored, name)).transpose()
    }
}

fn text(stored: &str, name: &str) -> Result<String, sqlx::Error> {
    unescaped(stored).ok_or_else(|| broken(format!("column `{name}` holds half an escaped letter")))
}
