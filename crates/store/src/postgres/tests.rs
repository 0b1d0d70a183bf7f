//! What needs a hand inside the store.

use crate::port::{Partition, Store as _};
use crate::postgres::address::Purpose;
use crate::postgres::session::PgSession;
use crate::postgres::{PostgresOptions, PostgresStore};
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, SqlSafeStr as _};
use std::str::FromStr as _;

#[path = "../../../testkit/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file is a public module of the test kit")]
mod cluster;

async fn store(cluster: &cluster::Cluster) -> PostgresStore {
    let password = Some(SecretString::from(cluster.password()));
    PostgresStore::open(&cluster.url(), password, PostgresOptions::default()).await.unwrap()
}

async fn setting(session: &mut PgSession, sql: &'static str) -> String {
    session.find_driver::<(String,)>(sql, &[]).await.unwrap().unwrap().0
}

#[tokio::test]
async fn every_sql_text_prepares() {
    let cluster = cluster::Cluster::start().unwrap();
    let store = store(&cluster).await;
    let address = &store.shared.address;
    let mut session = address.connect(Purpose::Check).await.unwrap();
    for text in crate::texts::all_but("_SQLITE") {
        let sql = AssertSqlSafe(text.clone()).into_sql_str();
        let prepared = session.connection().prepare(sql).await;
        assert!(prepared.is_ok(), "{text}: {:?}", prepared.err());
    }
    session.close().await;
    store.close().await;
}

#[tokio::test]
async fn each_commit_is_flushed_whatever_the_role_says_and_readers_cannot_write() {
    let cluster = cluster::Cluster::start().unwrap();
    let options = PgConnectOptions::from_str(&cluster.url()).unwrap().password(cluster.password());
    let mut raw = options.connect().await.unwrap();
    raw.execute("ALTER ROLE dayend SET synchronous_commit = off").await.unwrap();
    raw.execute("ALTER ROLE dayend SET idle_in_transaction_session_timeout = 0").await.unwrap();
    let store = store(&cluster).await;
    store.take_over(Partition(0)).await.unwrap();
    let address = &store.shared.address;
    let mut session = address.connect(Purpose::Write).await.unwrap();
    #[rustfmt::skip]
    let cases = [
        ("SELECT current_setting('synchronous_commit')",                  "on"),
        ("SELECT current_setting('statement_timeout')",                   "8s"),
        ("SELECT current_setting('lock_timeout')",                        "5s"),
        ("SELECT current_setting('idle_in_transaction_session_timeout')", "30s"),
        ("SELECT current_setting('application_name')",                    "dayend"),
        ("SELECT current_setting('tcp_keepalives_idle')",                 "5"),
        ("SELECT current_setting('tcp_user_timeout')",                    "10000"),
    ];
    for (sql, want) in cases {
        assert_eq!(setting(&mut session, sql).await, want, "{sql}");
    }
    session.close().await;
    let mut reading = address.connect(Purpose::Read).await.unwrap();
    let refused = reading.connection().execute("DELETE FROM partitions").await.unwrap_err();
    assert!(refused.to_string().contains("read-only transaction"), "{refused}");
    reading.close().await;
    store.close().await;
}
