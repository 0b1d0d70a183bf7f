//! What needs a hand inside the store.

use crate::port::{
    CommitError, Group, GroupId, HistoryRecord, Outcome, OwnerEpoch, Partition, Store as _,
    StoreError, Write,
};
use crate::sqlite::SqliteStore;
use dayend_engine::time::Timestamp;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _, SqliteConnection};

#[tokio::test]
async fn a_commit_that_sqlite_turns_into_a_rollback_is_not_done_and_the_next_one_works() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    let mut turn = store.shared.writer.begin().await.unwrap();
    // The first COMMIT fails, those after it go through.
    let mut refused = false;
    turn.connection()
        .lock_handle()
        .await
        .unwrap()
        .set_commit_hook(move || std::mem::replace(&mut refused, true));
    turn.rollback().await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::NotDone(StoreError::Inconsistent(_))), "{error}");
    assert_eq!(store.was_committed(GroupId(1)).await.unwrap(), None);
    assert_eq!(store.history(Partition(0), None, 0, 10).await.unwrap(), []);
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    assert_eq!(store.verify().await.unwrap().defects, Vec::<String>::new());
    store.close().await;
}

#[tokio::test]
async fn a_commit_whose_fate_cannot_be_settled_is_unknown() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    let (file, away) = (home.path().join("dayend.db"), home.path().join("away.db"));
    let mut turn = store.shared.writer.begin().await.unwrap();
    let names = (file.clone(), away.clone());
    // COMMIT fails, and by then there is no file to look it up in.
    turn.connection()
        .lock_handle()
        .await
        .unwrap()
        .set_commit_hook(move || std::fs::rename(&names.0, &names.1).is_err());
    turn.rollback().await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown(_)), "{error}");
    assert!(store.was_committed(GroupId(1)).await.is_err());
    std::fs::rename(&away, &file).unwrap();
    assert_eq!(store.was_committed(GroupId(1)).await.unwrap(), None);
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    store.close().await;
}

#[tokio::test]
async fn a_turn_that_is_dropped_takes_its_transaction_back() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    let mut turn = store.shared.writer.begin().await.unwrap();
    turn.connection().execute("DELETE FROM partitions").await.unwrap();
    drop(turn);
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    store.close().await;
}

#[tokio::test]
async fn the_database_flushes_each_commit_and_readers_cannot_write() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let mut turn = store.shared.writer.begin().await.unwrap();
    let connection = turn.connection();
    assert_eq!(pragma(connection, "PRAGMA synchronous").await, "2");
    assert_eq!(pragma(connection, "PRAGMA journal_mode").await, "wal");
    assert_eq!(pragma(connection, "PRAGMA foreign_keys").await, "1");
    turn.rollback().await;
    let mut reader = store.shared.readers.acquire().await.unwrap();
    assert!(reader.execute("DELETE FROM partitions").await.is_err());
    drop(reader);
    store.close().await;
}

#[tokio::test]
async fn every_sql_text_prepares() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let mut turn = store.shared.writer.begin().await.unwrap();
    for text in crate::texts::all_but("_POSTGRES") {
        let prepared = turn.connection().prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
        assert!(prepared.is_ok(), "{text}: {:?}", prepared.err());
    }
    turn.rollback().await;
    store.close().await;
}

async fn pragma(connection: &mut SqliteConnection, sql: &'static str) -> String {
    use sqlx::{Row as _, ValueRef as _};
    let row = sqlx::query(sql).fetch_one(connection).await.unwrap();
    let raw = row.try_get_raw(0).unwrap();
    assert!(!raw.is_null());
    row.try_get_unchecked(0).unwrap()
}

fn group(id: i64, epoch: OwnerEpoch) -> Group {
    let record = HistoryRecord {
        run: None,
        at: Timestamp(1),
        actor: "dayend".to_owned(),
        event: "test".to_owned(),
        detail: "{}".to_owned(),
    };
    let writes = vec![Write::Audit { history: record }];
    Group { id: GroupId(id), partition: Partition(0), epoch, at: Timestamp(1), writes }
}
