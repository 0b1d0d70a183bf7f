//! A SQLite file opened by a program that a task runs, apart from any server: for loading and reporting.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another program's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// Why the file could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SqliteFileError(#[from] sqlx::Error);

/// An open SQLite file. Statements are constants of the program; whatever varies is bound.
#[derive(Debug)]
pub struct SqliteFile {
    connection: SqliteConnection,
}

impl SqliteFile {
    /// Opens the file, or creates it, and runs `schema`: statements that change nothing the second time.
    pub async fn open(path: &Path, schema: &'static str) -> Result<Self, SqliteFileError> {
        // A write-ahead log is not asked for: the change to it does not wait for another program that has the file, it fails.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(schema).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Self { connection })
    }

    /// Executes all statements with their bound texts in one transaction: all of them or none.
    pub async fn transaction(
        &mut self,
        statements: &[(&'static str, &[&str])],
    ) -> Result<(), SqliteFileError> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        for (statement, values) in statements {
            let mut query = sqlx::query(*statement);
            for value in *values {
                query = query.bind(*value);
            }
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The rows of a query whose columns are all texts.
    pub async fn rows(
        &mut self,
        query: &'static str,
        values: &[&str],
    ) -> Result<Vec<Vec<String>>, SqliteFileError> {
        let mut bound = sqlx::query(query);
        for value in values {
            bound = bound.bind(*value);
        }
        let rows = bound.fetch_all(&mut self.connection).await?;
        let texts =
            rows.iter().map(|row| (0..row.len()).map(|column| row.try_get(column)).collect());
        Ok(texts.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Closes the file; what was committed is safe without it.
    pub async fn close(self) -> Result<(), SqliteFileError> {
        Ok(self.connection.close().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "create table if not exists t (name text not null unique); create table if not exists u (n integer)";
    const INSERT: &str = "insert into t (name) values ($1)";

    #[tokio::test]
    async fn a_transaction_happens_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let mut file = SqliteFile::open(&place.path().join("t.sqlite"), SCHEMA).await.unwrap();
        file.transaction(&[(INSERT, &["a'; drop table t; --"])]).await.unwrap();
        file.transaction(&[(INSERT, &["b"]), (INSERT, &["b"])]).await.unwrap_err();
        file.close().await.unwrap();
        let mut again = SqliteFile::open(&place.path().join("t.sqlite"), SCHEMA).await.unwrap();
        let rows =
            again.rows("select name from t where name <> $1 order by name", &["z"]).await.unwrap();
        assert_eq!(rows, [["a'; drop table t; --"]]);
    }

    /// Any program of the night may be the first, and two of its batches begin at the same moment.
    #[tokio::test]
    async fn many_programs_can_open_a_file_at_once_that_none_has_made_yet() {
        let place = tempfile::tempdir().unwrap();
        for round in 0..10 {
            let path = place.path().join(format!("{round}.sqlite"));
            let opening = (0..8).map(async |number| {
                let name = number.to_string();
                let mut file = SqliteFile::open(&path, SCHEMA).await?;
                file.transaction(&[(INSERT, &[&name])]).await?;
                file.close().await
            });
            let opened = futures_util::future::join_all(opening).await;
            assert!(opened.iter().all(Result::is_ok), "round {round}: {opened:?}");
            let mut file = SqliteFile::open(&path, SCHEMA).await.unwrap();
            let count = file.rows("select cast(count(*) as text) from t", &[]).await.unwrap();
            assert_eq!(count, [["8"]]);
        }
    }

    #[tokio::test]
    async fn a_column_that_is_no_text_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let mut file = SqliteFile::open(&place.path().join("t.sqlite"), SCHEMA).await.unwrap();
        assert!(file.rows("select 1", &[]).await.is_err());
    }
}
