//! Runs statements with values.

use crate::many::{Many, chunks};
use crate::port::StoreError;
use crate::sqlite::error::store_error;
use crate::values::Value;
use futures_util::TryStreamExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Executor, FromRow, Sqlite, SqliteConnection};

/// Runs a statement and answers with the number of rows it touched.
pub(crate) async fn execute(
    connection: &mut SqliteConnection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<u64, StoreError> {
    let arguments = arguments(values)?;
    let done = sqlx::query_with(sql, arguments).execute(connection).await.map_err(store_error)?;
    Ok(done.rows_affected())
}

/// The first row, if there is one.
pub(crate) async fn find<'e, T, E>(
    executor: E,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Option<T>, StoreError>
where
    T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    E: Executor<'e, Database = Sqlite>,
{
    let arguments = arguments(values)?;
    sqlx::query_as_with::<_, T, _>(sql, arguments)
        .fetch_optional(executor)
        .await
        .map_err(store_error)
}

/// All rows.
pub(crate) async fn list<'e, T, E>(
    executor: E,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Vec<T>, StoreError>
where
    T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    E: Executor<'e, Database = Sqlite>,
{
    let arguments = arguments(values)?;
    sqlx::query_as_with::<_, T, _>(sql, arguments).fetch_all(executor).await.map_err(store_error)
}

/// Hands each row to `take` as it comes, so that no table has to fit into memory; a row that breaks our rules arrives as an error.
pub(crate) async fn each<T>(
    connection: &mut SqliteConnection,
    sql: &'static str,
    values: &[Value<'_>],
    mut take: impl FnMut(Result<T, StoreError>),
) -> Result<(), StoreError>
where
    T: for<'r> FromRow<'r, SqliteRow>,
{
    let mut rows = sqlx::query_with(sql, arguments(values)?).fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(store_error)? {
        take(T::from_row(&row).map_err(store_error));
    }
    Ok(())
}

/// Writes many rows with as few statements as their number allows.
pub(crate) async fn execute_many<T, const N: usize>(
    connection: &mut SqliteConnection,
    many: &Many,
    rows: &[T],
    values: impl for<'a> Fn(&'a T) -> [Value<'a>; N],
) -> Result<(), StoreError> {
    for chunk in chunks(rows) {
        let arguments = arguments_of(chunk, &values)?;
        let sql = AssertSqlSafe(many.text_sqlite(chunk.len()));
        sqlx::query_with(sql, arguments).execute(&mut *connection).await.map_err(store_error)?;
    }
    Ok(())
}

/// Like [`execute_many`], for texts that answer with rows.
pub(crate) async fn list_many<R, T, const N: usize>(
    connection: &mut SqliteConnection,
    many: &Many,
    rows: &[T],
    values: impl for<'a> Fn(&'a T) -> [Value<'a>; N],
) -> Result<Vec<R>, StoreError>
where
    R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
{
    let mut answers = Vec::new();
    for chunk in chunks(rows) {
        let arguments = arguments_of(chunk, &values)?;
        let sql = AssertSqlSafe(many.text_sqlite(chunk.len()));
        let rows = sqlx::query_as_with::<_, R, _>(sql, arguments).fetch_all(&mut *connection).await;
        answers.extend(rows.map_err(store_error)?);
    }
    Ok(answers)
}

fn arguments_of<T, const N: usize>(
    chunk: &[T],
    values: impl for<'a> Fn(&'a T) -> [Value<'a>; N],
) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(chunk.len() * N, 0);
    for row in chunk {
        values(row).iter().try_for_each(|value| add(&mut arguments, *value))?;
    }
    Ok(arguments)
}

fn arguments(values: &[Value<'_>]) -> Result<SqliteArguments, StoreError> {
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
