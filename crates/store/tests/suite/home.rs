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
    /// A place with a copy of the database, which must be closed.
    fn copied(&self) -> Box<dyn Home>;
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

    fn copied(&self) -> Box<dyn Home> {
        let copy = Self::new();
        std::fs::copy(self.path(), copy.path()).unwrap();
        Box::new(copy)
    }
}
