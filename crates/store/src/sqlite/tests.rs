//! What needs a hand inside the store.

use crate::dialect::numbered_sqlite;
use crate::port::{
    CommitError, Group, GroupId, HistoryRecord, Outcome, OwnerEpoch, Partition, Store as _,
    StoreError, Write,
};
use crate::session::{Session, Work};
use crate::sqlite::SqliteStore;
use crate::sqlite::held::Held;
use crate::values::Value;
use dayend_engine::time::Timestamp;
use futures_util::FutureExt as _;

#[tokio::test]
async fn a_commit_that_sqlite_turns_into_a_rollback_is_not_done_and_the_next_one_works() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    // The first COMMIT fails, those after it go through.
    let mut refused = false;
    let hook = move || !std::mem::replace(&mut refused, true);
    store.shared.writer.look(move |held| held.connection.commit_hook(Some(hook)).unwrap()).await;
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
    let names = (file.clone(), away.clone());
    // COMMIT fails, and by then there is no file to look it up in.
    let hook = move || std::fs::rename(&names.0, &names.1).is_ok();
    store.shared.writer.look(move |held| held.connection.commit_hook(Some(hook)).unwrap()).await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown(_)), "{error}");
    assert!(store.was_committed(GroupId(1)).await.is_err());
    std::fs::rename(&away, &file).unwrap();
    assert_eq!(store.was_committed(GroupId(1)).await.unwrap(), None);
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    store.close().await;
}

#[tokio::test]
async fn work_that_fails_or_panics_takes_its_transaction_back() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    let failed = store.shared.writer.write(DeleteAll { then: || Err(closed()) }).await;
    assert!(matches!(failed, Err(CommitError::NotDone(_))), "{failed:?}");
    let panicked = store.shared.writer.write(DeleteAll { then: || panic!("on purpose") }).await;
    assert!(matches!(panicked, Err(CommitError::Unknown(_))), "{panicked:?}");
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses_to_write_and_to_read() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    store.close().await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::NotDone(StoreError::Unavailable(_))), "{error}");
    assert!(matches!(store.app("nobody").await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn closing_waits_for_a_read_whose_caller_has_gone() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let (begins, begun) = tokio::sync::oneshot::channel();
    let (go, may_go) = std::sync::mpsc::channel();
    let (ends, mut ended) = tokio::sync::oneshot::channel();
    let reader = store.clone();
    let caller = tokio::spawn(async move {
        let read = move |_: &mut Held, _: &[Value<'_>]| {
            begins.send(()).unwrap();
            may_go.recv().unwrap();
            ends.send(()).unwrap();
            Ok(())
        };
        reader.shared.readers.read(&[], read).await
    });
    begun.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    let mut closing = std::pin::pin!(store.shared.readers.close());
    assert!(closing.as_mut().now_or_never().is_none());
    go.send(()).unwrap();
    closing.await;
    assert_eq!(ended.try_recv(), Ok(()));
    store.close().await;
}

#[tokio::test]
async fn the_database_flushes_each_commit_and_readers_cannot_write() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let settings = store.shared.writer.look(|held| {
        ["synchronous", "journal_mode", "foreign_keys"].map(|name| setting(held, name))
    });
    assert_eq!(settings.await, ["2", "wal", "1"]);
    let deleted = store.shared.readers.read(&[], |held, _| held.plain("DELETE FROM partitions"));
    assert!(deleted.await.is_err());
    store.close().await;
}

#[tokio::test]
async fn every_sql_text_prepares() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&home.path().join("dayend.db")).await.unwrap();
    let prepared = store.shared.writer.look(|held| {
        for text in crate::texts::all_but("_POSTGRES") {
            let prepared = held.connection.prepare(&numbered_sqlite(&text));
            assert!(prepared.is_ok(), "{text}: {:?}", prepared.err());
        }
    });
    prepared.await;
    store.close().await;
}

/// Deletes what must not be lost, and then does not end well.
struct DeleteAll {
    then: fn() -> Result<(), StoreError>,
}

impl Work for DeleteAll {
    type Done = ();

    async fn run<S: Session>(&self, session: &mut S) -> Result<(), StoreError> {
        session.execute("DELETE FROM partitions", &[]).await?;
        (self.then)()
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("on purpose".to_owned())
}

fn setting(held: &mut Held, name: &str) -> String {
    use rusqlite::types::Value;
    let value = held.connection.pragma_query_value(None, name, |row| row.get::<_, Value>(0));
    match value.unwrap() {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other @ (Value::Null | Value::Real(_) | Value::Blob(_)) => panic!("{name} is {other:?}"),
    }
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
