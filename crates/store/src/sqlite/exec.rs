//! Runs statements with values.

use crate::dialect::{FOREIGN_KEYS_SQLITE, INTEGRITY_SQLITE};
use crate::many::{Many, chunks};
use crate::port::StoreError;
use crate::session::{Session, Stored};
use crate::sqlite::error::store_error;
use crate::values::{Row, Value};
use crate::verify::Defects;
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqliteConnection};

impl Session for SqliteConnection {
    async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let asked = sqlx::query_with(sql, arguments(values)?);
        let done = asked.execute(self).await.map_err(store_error)?;
        Ok(done.rows_affected())
    }

    async fn find<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        let asked = sqlx::query_as_with(sql, arguments(values)?);
        asked.fetch_optional(self).await.map_err(store_error)
    }

    async fn list<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let asked = sqlx::query_as_with(sql, arguments(values)?);
        asked.fetch_all(self).await.map_err(store_error)
    }

    async fn each<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        mut take: impl FnMut(Result<T, StoreError>) + Send,
    ) -> Result<(), StoreError> {
        let mut rows = sqlx::query_with(sql, arguments(values)?).fetch(self);
        while let Some(row) = rows.try_next().await.map_err(store_error)? {
            take(T::from_row(&row).map_err(store_error));
        }
        Ok(())
    }

    async fn execute_many<T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> Result<(), StoreError> {
        for chunk in chunks(rows) {
            let arguments = arguments_of(chunk)?;
            let sql = AssertSqlSafe(many.text_sqlite(chunk.len()));
            sqlx::query_with(sql, arguments).execute(&mut *self).await.map_err(store_error)?;
        }
        Ok(())
    }

    async fn list_many<R: Stored, T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> Result<Vec<R>, StoreError> {
        let mut answers = Vec::new();
        for chunk in chunks(rows) {
            let arguments = arguments_of(chunk)?;
            let sql = AssertSqlSafe(many.text_sqlite(chunk.len()));
            let rows = sqlx::query_as_with::<_, R, _>(sql, arguments).fetch_all(&mut *self).await;
            answers.extend(rows.map_err(store_error)?);
        }
        Ok(answers)
    }

    async fn own_checks(&mut self, defects: &mut Defects) -> Result<(), StoreError> {
        self.each(INTEGRITY_SQLITE, &[], |row: Result<(String,), _>| match row {
            Ok((text,)) if text == "ok" => {}
            Ok((text,)) => defects.push(format!("the database file is damaged: {text}")),
            Err(error) => defects.push(error.to_string()),
        })
        .await?;
        self.each(FOREIGN_KEYS_SQLITE, &[], |row: Result<(String, String), _>| match row {
            Ok((child, parent)) => defects.push(format!(
                "a row of `{child}` refers to a row of `{parent}` that does not exist"
            )),
            Err(error) => defects.push(error.to_string()),
        })
        .await
    }
}

fn arguments_of<T: Row<N>, const N: usize>(chunk: &[T]) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(chunk.len() * N, 0);
    for row in chunk {
        row.values().iter().try_for_each(|value| add(&mut arguments, *value))?;
    }
    Ok(arguments)
}

/// The values as the driver wants them.
pub(crate) fn arguments(values: &[Value<'_>]) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    values.iter().try_for_each(|value| add(&mut arguments, *value))?;
    Ok(arguments)
}

fn add(arguments: &mut SqliteArguments, value: Value<'_>) -> Result<(), StoreError> {
    let added = match value {
        Value::Int(number) => arguments.add(number),
        Value::Bool(flag) => arguments.add(flag),
        Value::Text(text) => arguments.add(text),
        Value::Bytes(bytes) => arguments.add(bytes),
    };
    added.map_err(|error| store_error(sqlx::Error::Encode(error)))
}
