//! Databases on a PostgreSQL server of the test's own.

use crate::cluster::Cluster;
use crate::suite::home::Home;
use async_trait::async_trait;
use dayend_store::port::{Store, StoreError};
use dayend_store::{PostgresOptions, PostgresStore};
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server with a database that is ready to be copied.
pub(crate) struct Server {
    pub(crate) cluster: Cluster,
    made: AtomicU32,
}

impl Server {
    pub(crate) async fn start() -> Arc<Self> {
        let server = Arc::new(Self { cluster: Cluster::start().unwrap(), made: AtomicU32::new(0) });
        // No test here is about what a crash of the machine leaves behind.
        server.run("postgres", "ALTER SYSTEM SET fsync = off").await;
        server.run("postgres", "SELECT pg_reload_conf()").await;
        server.run("postgres", "CREATE DATABASE ready").await;
        server.store("ready").await.close().await;
        server
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.cluster.url().replace("/postgres", &format!("/{database}"))
    }

    /// Opens a database as its server does.
    pub(crate) async fn store(&self, database: &str) -> PostgresStore {
        self.try_store(&self.url(database), PostgresOptions::default()).await.unwrap()
    }

    pub(crate) async fn try_store(
        &self,
        url: &str,
        options: PostgresOptions,
    ) -> Result<PostgresStore, StoreError> {
        let password = SecretString::from(self.cluster.password());
        PostgresStore::open(url, Some(password), options).await
    }

    pub(crate) async fn raw(&self, database: &str) -> PgConnection {
        PgConnectOptions::from_str(&self.url(database))
            .unwrap()
            .password(self.cluster.password())
            .connect()
            .await
            .unwrap()
    }

    pub(crate) async fn run(&self, database: &str, sql: &str) -> u64 {
        let mut connection = self.raw(database).await;
        // Foreign keys would stand in the way of a statement that no store would run.
        let free = "SET session_replication_role = replica";
        sqlx::raw_sql(free).execute(&mut connection).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await;
        connection.close().await.unwrap();
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// Makes a copy of a database, which nobody may use meanwhile.
    pub(crate) async fn copy(&self, template: &str) -> String {
        let name = format!("t{}", self.made.fetch_add(1, Ordering::SeqCst));
        // A session that was closed a moment ago may not have ended yet.
        let end = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{template}'"
        );
        self.run("postgres", &end).await;
        self.run("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        name
    }
}

/// Keeps the rows of all tables in another schema, or puts them back from there.
const RESTORE: &str = "DO $$ DECLARE name text; kept boolean := to_regnamespace('kept') IS NOT NULL; BEGIN \
    IF NOT kept THEN CREATE SCHEMA kept; END IF; \
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
    IF kept THEN EXECUTE format('DELETE FROM public.%1$I', name); \
    EXECUTE format('INSERT INTO public.%1$I SELECT * FROM kept.%1$I', name); \
    ELSE EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', name); END IF; END LOOP; END $$";

pub(crate) struct PostgresHome {
    server: Arc<Server>,
    database: String,
}

impl PostgresHome {
    pub(crate) async fn new(server: &Arc<Server>) -> Self {
        Self { server: Arc::clone(server), database: server.copy("ready").await }
    }
}

#[async_trait]
impl Home for PostgresHome {
    async fn open(&self) -> Box<dyn Store> {
        Box::new(self.server.store(&self.database).await)
    }

    async fn tamper(&self, sql: &str) -> u64 {
        self.server.run(&self.database, sql).await
    }

    async fn columns(&self) -> Vec<(String, String)> {
        let mut connection = self.server.raw(&self.database).await;
        let sql = "SELECT columns.table_name::text, column_name::text FROM information_schema.columns \
            JOIN information_schema.tables ON tables.table_name = columns.table_name AND tables.table_schema = columns.table_schema \
            WHERE columns.table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, ordinal_position";
        let columns = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        columns
    }

    async fn damage(&self, table: &str, column: &str) -> u64 {
        let checks = format!(
            "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_spent_check, DROP CONSTRAINT IF EXISTS {table}_revoked_check"
        );
        self.server.run(&self.database, &checks).await;
        let quoted = format!("\"{column}\"");
        let kind = format!("pg_typeof({quoted})::text");
        let text = format!("{quoted}::text");
        // All branches as texts, which are cast back by the assignment of a variable of the column's type.
        let changed = format!(
            "CASE {kind} WHEN 'bigint' THEN (CASE WHEN {text} IN ('0', '1') AND '{column}' NOT IN ('node', 'part') THEN 1 - {text}::bigint ELSE {text}::bigint + 4 END)::text \
             WHEN 'boolean' THEN (NOT {text}::boolean)::text WHEN 'text' THEN '~' || substr({text}, 2) \
             WHEN 'bytea' THEN '\\xff' || substr({text}, 5) END"
        );
        let block = format!(
            "DO $$ DECLARE one {table}.{quoted}%TYPE; other {table}.{quoted}%TYPE; BEGIN \
             SELECT {quoted}, {changed} INTO one, other FROM {table} WHERE {quoted} IS NOT NULL LIMIT 1; \
             UPDATE {table} SET {quoted} = other WHERE {quoted} = one; \
             IF NOT FOUND THEN RAISE 'no row was changed'; END IF; END $$"
        );
        self.server.run(&self.database, &block).await;
        1
    }

    fn broken_text(&self) -> Option<&'static str> {
        None
    }

    /// The same database, with all rows as they were when it was copied first: copies of whole databases take too long.
    async fn copied(&self) -> Box<dyn Home> {
        self.server.run(&self.database, RESTORE).await;
        Box::new(Self { server: Arc::clone(&self.server), database: self.database.clone() })
    }
}
