//! The writer's connection as a [`Session`]. It is used by one thread alone and never waits for another: every statement
//! runs where it is asked for.

use crate::columns::FromColumns;
use crate::dialect::{FOREIGN_KEYS_SQLITE, INTEGRITY_SQLITE, numbered_sqlite};
use crate::many::Many;
use crate::port::StoreError;
use crate::session::{Session, Stored};
use crate::sqlite::error::{driver_error, store_error};
use crate::values::{Row, Value};
use crate::verify::Defects;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Statement};
use std::collections::HashMap;

/// A connection with the texts that it was asked for, as SQLite wants their placeholders.
pub(crate) struct Held {
    pub(crate) connection: Connection,
    texts: HashMap<&'static str, String>,
}

impl Held {
    /// Holds a connection.
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, texts: HashMap::new() }
    }

    /// Runs a statement without values.
    pub(crate) fn plain(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.prepared(sql)?.execute(()).map(drop).map_err(driver_error)
    }

    /// The first row of a statement without values.
    pub(crate) fn first<T: for<'r> FromColumns<rusqlite::Row<'r>>>(
        &mut self,
        sql: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.one(sql, &[])
    }

    fn one<T: for<'r> FromColumns<rusqlite::Row<'r>>>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.prepared(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        let row = rows.next().map_err(driver_error)?;
        row.map(|row| T::from_columns(row).map_err(store_error)).transpose()
    }

    fn prepared(&mut self, sql: &'static str) -> Result<CachedStatement<'_>, StoreError> {
        let text = self.texts.entry(sql).or_insert_with(|| numbered_sqlite(sql));
        self.connection.prepare_cached(text).map_err(driver_error)
    }

    fn read<T: for<'r> FromColumns<rusqlite::Row<'r>>>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        mut take: impl FnMut(Result<T, StoreError>),
    ) -> Result<(), StoreError> {
        let mut statement = self.prepared(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(driver_error)? {
            take(T::from_columns(row).map_err(store_error));
        }
        Ok(())
    }
}

impl Session for Held {
    async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let mut statement = self.prepared(sql)?;
        bind(&mut statement, values)?;
        let touched = statement.raw_execute().map_err(driver_error)?;
        Ok(u64::try_from(touched).unwrap_or(u64::MAX))
    }

    async fn find<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        self.one(sql, values)
    }

    async fn list<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        self.read(sql, values, |row| all.push(row))?;
        all.into_iter().collect()
    }

    async fn each<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: impl FnMut(Result<T, StoreError>) + Send,
    ) -> Result<(), StoreError> {
        self.read(sql, values, take)
    }

    /// One statement per row: here a statement costs no round trip, and a text for one row is prepared once.
    async fn execute_many<T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut statement = self.prepared(many.single())?;
        for row in rows {
            bind(&mut statement, &row.values())?;
            statement.raw_execute().map_err(driver_error)?;
        }
        Ok(())
    }

    async fn list_many<R: Stored, T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> Result<Vec<R>, StoreError> {
        let mut answers = Vec::new();
        for row in rows {
            self.read(many.single(), &row.values(), |answer| answers.push(answer))?;
        }
        answers.into_iter().collect()
    }

    async fn own_checks(&mut self, defects: &mut Defects) -> Result<(), StoreError> {
        self.read(INTEGRITY_SQLITE, &[], |row: Result<(String,), _>| match row {
            Ok((text,)) if text == "ok" => {}
            Ok((text,)) => defects.push(format!("the database file is damaged: {text}")),
            Err(error) => defects.push(error.to_string()),
        })?;
        self.read(FOREIGN_KEYS_SQLITE, &[], |row: Result<(String, String), _>| match row {
            Ok((child, parent)) => defects.push(format!(
                "a row of `{child}` refers to a row of `{parent}` that does not exist"
            )),
            Err(error) => defects.push(error.to_string()),
        })
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Value<'_>]) -> Result<(), StoreError> {
    let wanted = statement.parameter_count();
    if wanted != values.len() {
        return Err(StoreError::Inconsistent(format!(
            "a statement takes {wanted} values and was given {}",
            values.len()
        )));
    }
    for (place, value) in (1_usize..).zip(values) {
        statement.raw_bind_parameter(place, value).map_err(driver_error)?;
    }
    Ok(())
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match *self {
            Self::Int(number) => number.map_or(ValueRef::Null, ValueRef::Integer),
            Self::Bool(flag) => ValueRef::Integer(flag.into()),
            Self::Text(text) => text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => bytes.map_or(ValueRef::Null, ValueRef::Blob),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
