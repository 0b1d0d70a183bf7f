//! Where a test's database lives, and how a test gets behind the store's back.

use async_trait::async_trait;
use dayend_store::SqliteStore;
use dayend_store::port::Store;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use std::path::PathBuf;
use tempfile::TempDir;

/// A place for one database.
#[async_trait]
pub(crate) trait Home: Send + Sync {
    /// Opens the database of this place.
    async fn open(&self) -> Box<dyn Store>;
    /// Runs a statement that no store would run, while the store is closed.
    async fn tamper(&self, sql: &str) -> u64;
    /// All columns of all tables, in order.
    async fn columns(&self) -> Vec<(String, String)>;
    /// Changes one value of a column in all rows that have it: one bit of a number, one letter of a
    /// text, one byte of a hash; the other way round for flags. Answers with the number of rows.
    async fn damage(&self, table: &str, column: &str) -> u64;
    /// The statement that puts a text which is not UTF-8 into a run, if the database lets anybody do so.
    fn broken_text(&self) -> Option<&'static str>;
    /// A place with a copy of the database, which must be closed.
    async fn copied(&self) -> Box<dyn Home>;
}

pub(crate) struct SqliteHome {
    directory: TempDir,
}

impl SqliteHome {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("dayend.db")
    }

    async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.path())
            .foreign_keys(false)
            .connect()
            .await
            .unwrap()
    }
}

#[async_trait]
impl Home for SqliteHome {
    async fn open(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(&self.path()).await.unwrap())
    }

    async fn tamper(&self, sql: &str) -> u64 {
        let mut connection = self.raw().await;
        let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await;
        connection.close().await.unwrap();
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    async fn columns(&self) -> Vec<(String, String)> {
        let mut connection = self.raw().await;
        let sql = "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns \
            WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%' ORDER BY 1, columns.cid";
        let columns = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        columns
    }

    async fn damage(&self, table: &str, column: &str) -> u64 {
        let changed = format!(
            "CASE typeof({column}) WHEN 'integer' THEN CASE WHEN {column} IN (0, 1) AND '{column}' NOT IN ('node', 'part') THEN 1 - {column} ELSE {column} + 4 END \
             WHEN 'text' THEN '~' || substr({column}, 2) WHEN 'blob' THEN CAST(x'ff' || substr({column}, 2) AS BLOB) END"
        );
        let one = format!("(SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1)");
        let sql = format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE {table} SET {column} = {changed} WHERE {column} = {one}"
        );
        self.tamper(&sql).await
    }

    fn broken_text(&self) -> Option<&'static str> {
        Some("UPDATE runs SET choices = CAST(x'ff41' AS TEXT) WHERE key = 1")
    }

    async fn copied(&self) -> Box<dyn Home> {
        let copy = Self::new();
        std::fs::copy(self.path(), copy.path()).unwrap();
        Box::new(copy)
    }
}
