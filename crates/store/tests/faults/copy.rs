use crate::suite::build::{Desk, PARTITION, claimed, record, run};
use crate::suite::home::{Home as _, SqliteHome};
use crate::suite::identity::{issue, token};
use crate::suite::postgres::Server;
use crate::suite::verify::fill;
use dayend_engine::codes::RunKey;
use dayend_store::copy::{CopyError, Side, copy};
use dayend_store::port::{HistoryRecord, NodeRow, StoreError, Write};
use dayend_store::{PostgresOptions, SqliteStore};

#[tokio::test]
async fn everything_arrives_on_a_server_as_it_was_and_comes_back_so() {
    let (server, home) = (Server::start().await, SqliteHome::new());
    fill(&home).await;
    let strange = "a\0b\u{fdd0}c \u{1f4a5}";
    let desk = Desk::reopened(&home).await;
    let said = NodeRow { message: Some(strange.to_owned()), ..crate::suite::build::node(7, 0, 1) };
    let detail = HistoryRecord { detail: format!("{{\"said\": {strange:?}}}"), ..record("token") };
    desk.commit(vec![
        claimed(None, run(7), vec![said]),
        issue(token(9, strange)),
        Write::Audit { history: detail },
    ])
    .await;
    desk.store.close().await;

    let from = file(&home).await;
    let there = Side::Postgres(server.store("ready").await);
    let digests = copy(&from, &there).await.unwrap();
    assert!(digests.iter().all(|table| table.rows > 0), "{digests:?}");
    let back = SqliteHome::new();
    let file_again = file(&back).await;
    assert_eq!(copy(&there, &file_again).await.unwrap(), digests);
    for side in [&from, &there, &file_again] {
        assert_eq!(side.digests().await.unwrap(), digests);
    }
    let (one, other) = (from.store(), there.store());
    assert_eq!(one.verify().await.unwrap(), other.verify().await.unwrap());
    let histories = (
        one.history(PARTITION, None, 0, 100).await.unwrap(),
        other.history(PARTITION, None, 0, 100).await.unwrap(),
    );
    assert_eq!(histories.0, histories.1);
    let nodes = other.nodes(RunKey(7)).await.unwrap();
    assert_eq!(nodes[0].message.as_deref(), Some(strange));
    for side in [from, there, file_again] {
        side.store().close().await;
    }
}

#[tokio::test]
async fn a_change_of_any_column_changes_what_a_table_holds() {
    let home = SqliteHome::new();
    fill(&home).await;
    let store = file(&home).await;
    let before = store.digests().await.unwrap();
    store.store().close().await;
    for (table, column) in home.columns().await {
        if table == "_sqlx_migrations" {
            continue;
        }
        let other = SqliteHome::new();
        std::fs::copy(home.path(), other.path()).unwrap();
        assert!(other.damage(&table, &column).await > 0, "{table}.{column}");
        let damaged = file(&other).await;
        match damaged.digests().await {
            Ok(after) => {
                let at = before.iter().position(|digest| digest.table == table).unwrap();
                assert_ne!(before[at], after[at], "{table}.{column}");
            }
            Err(error) => assert!(matches!(error, StoreError::Inconsistent(_)), "{error}"),
        }
        damaged.store().close().await;
    }
}

#[tokio::test]
async fn a_target_that_holds_something_is_refused_and_one_that_alters_rows_stays_empty() {
    let (server, home) = (Server::start().await, SqliteHome::new());
    fill(&home).await;
    let from = file(&home).await;
    let before = from.digests().await.unwrap();
    let alter = "CREATE FUNCTION alter_it() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN NEW.detail := NEW.detail || ' '; RETURN NEW; END $$";
    server.run("ready", alter).await;
    let each =
        "CREATE TRIGGER alter_it BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION alter_it()";
    server.run("ready", each).await;
    let to = Side::Postgres(server.store("ready").await);
    let error = copy(&from, &to).await.unwrap_err();
    assert!(error.to_string().contains("the copy of `history` is not the same"), "{error}");
    assert!(to.is_empty().await.unwrap());
    server.run("ready", "ALTER TABLE history DISABLE TRIGGER alter_it").await;
    copy(&from, &to).await.unwrap();
    assert!(matches!(copy(&from, &to).await, Err(CopyError::NotEmpty)));
    assert_eq!(from.digests().await.unwrap(), before);
    to.store().close().await;
    from.store().close().await;
}

#[tokio::test]
async fn a_copy_needs_no_memory_for_a_large_table() {
    const ROWS: u64 = 40_000;
    let (server, home) = (Server::start().await, SqliteHome::new());
    home.open().await.close().await;
    // 2 KiB each: 80 MiB in all.
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
         INSERT INTO claims SELECT 'bank', 'cli', 'trigger', 'key' || i, 0, 1, zeroblob(32), printf('%.*c', 2048, 'x'), i, zeroblob(32) FROM n"
    );
    assert_eq!(home.tamper(&many).await, ROWS);
    let from = file(&home).await;
    // As the command does: a whole table is read back, which may take its time.
    let options = PostgresOptions {
        statement_timeout: std::time::Duration::from_hours(1),
        ..PostgresOptions::default()
    };
    let to = server.try_store(&server.url("ready"), options).await.unwrap();
    let to = Side::Postgres(to);
    // Forgets the peak that was there before.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kib();
    let digests = copy(&from, &to).await.unwrap();
    assert_eq!(digests.iter().map(|table| table.rows).max(), Some(ROWS));
    let grown = peak_kib().saturating_sub(before);
    assert!(grown < 48 * 1024, "{grown} KiB more for a table of 80 MiB");
    to.store().close().await;
    from.store().close().await;
}

async fn file(home: &SqliteHome) -> Side {
    Side::Sqlite(SqliteStore::open(&home.path()).await.unwrap())
}

/// The most memory that this process had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
