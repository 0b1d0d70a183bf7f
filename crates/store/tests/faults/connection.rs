use super::proxy::Proxy;
use crate::suite::build::{PARTITION, T0, record};
use crate::suite::postgres::Server;
use dayend_store::port::{
    CommitError, Group, GroupId, Outcome, OwnerEpoch, Store as _, StoreError, Write,
};
use dayend_store::{PostgresOptions, PostgresStore};
use sqlx::{Connection as _, Row as _};
use std::sync::Arc;
use std::time::Duration;

/// Ends the session that runs it, as an administrator or a crash would.
const SUICIDE: &str = "CREATE FUNCTION suicide() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END $$";

#[tokio::test]
async fn an_answer_to_commit_that_is_lost_is_unknown_and_the_truth_is_found_afterwards() {
    let (server, proxy, store, epoch) = behind_a_proxy(PostgresOptions::default()).await;
    proxy.cut_at_committed();
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown(StoreError::Unavailable(_))), "{error}");
    let found = store.was_committed(GroupId(1)).await.unwrap();
    assert_eq!(found, Some(vec![Outcome::Applied]));
    assert_eq!(store.commit(group(2, epoch)).await.unwrap(), [Outcome::Applied]);
    sound(&server, store, 2).await;
}

#[tokio::test]
async fn a_network_that_swallows_everything_is_given_up_and_its_session_ended_before_the_next() {
    let options =
        PostgresOptions { statement_timeout: Duration::from_secs(2), ..PostgresOptions::default() };
    let (server, proxy, store, epoch) = behind_a_proxy(options).await;
    proxy.swallow_at_committed();
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown(StoreError::Unavailable(_))), "{error}");
    // The server knows nothing of the fault: the session before still holds the lock, until it is ended.
    assert_eq!(store.was_committed(GroupId(1)).await.unwrap(), Some(vec![Outcome::Applied]));
    assert_eq!(store.commit(group(2, epoch)).await.unwrap(), [Outcome::Applied]);
    sound(&server, store, 2).await;
}

#[tokio::test]
async fn a_session_that_ends_at_commit_is_unknown_and_was_not_committed() {
    let (server, store, epoch) = alone().await;
    server.run("ready", SUICIDE).await;
    let deferred = "CREATE CONSTRAINT TRIGGER suicide AFTER INSERT ON commits DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION suicide()";
    server.run("ready", deferred).await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown(StoreError::Unavailable(_))), "{error}");
    server.run("ready", "DROP TRIGGER suicide ON commits").await;
    assert_eq!(store.was_committed(GroupId(1)).await.unwrap(), None);
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    sound(&server, store, 1).await;
}

#[tokio::test]
async fn a_session_that_ends_before_commit_is_not_done() {
    let (server, store, epoch) = alone().await;
    server.run("ready", SUICIDE).await;
    let at_once =
        "CREATE TRIGGER suicide BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION suicide()";
    server.run("ready", at_once).await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::NotDone(StoreError::Unavailable(_))), "{error}");
    server.run("ready", "DROP TRIGGER suicide ON history").await;
    assert_eq!(store.was_committed(GroupId(1)).await.unwrap(), None);
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    sound(&server, store, 1).await;
}

#[tokio::test]
async fn what_was_committed_survives_a_crash_of_the_server_and_the_next_commit_works() {
    let (server, store, epoch) = alone().await;
    server.run("postgres", "ALTER SYSTEM SET fsync = on").await;
    server.cluster.crash_and_restart().unwrap();
    for id in 1..=3 {
        // The session before ended with the server; nobody is troubled with that.
        assert_eq!(store.commit(group(id, epoch)).await.unwrap(), [Outcome::Applied]);
        server.cluster.crash_and_restart().unwrap();
    }
    sound(&server, store, 3).await;
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_comes_back() {
    let (server, store, epoch) = alone().await;
    server.cluster.stop_server("fast").unwrap();
    for _ in 0..3 {
        let error = store.commit(group(1, epoch)).await.unwrap_err();
        assert!(matches!(error, CommitError::NotDone(StoreError::Unavailable(_))), "{error}");
    }
    // Nobody who reads is kept waiting for it to come back.
    let begun = tokio::time::Instant::now();
    for _ in 0..20 {
        assert!(matches!(store.scopes("bank").await, Err(StoreError::Unavailable(_))));
    }
    // Twenty that waited would take longer.
    assert!(
        begun.elapsed() < PostgresOptions::default().connect_timeout * 4,
        "{:?}",
        begun.elapsed()
    );
    server.cluster.start_server().unwrap();
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    let read = async {
        while store.scopes("bank").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.unwrap();
    sound(&server, store, 1).await;
}

#[tokio::test]
async fn sessions_that_ended_while_nobody_read_are_replaced_unseen() {
    let (server, store, _) = alone().await;
    let all = (store.scopes("bank"), store.scopes("bank"), store.scopes("bank"));
    let (one, two, three) = tokio::join!(all.0, all.1, all.2);
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    server.cluster.crash_and_restart().unwrap();
    assert_eq!(store.scopes("bank").await.unwrap(), []);
    store.close().await;
    assert!(matches!(store.scopes("bank").await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_server_that_became_read_only_is_left_for_another_session() {
    let (server, store, epoch) = alone().await;
    let writer = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted";
    let mut raw = server.raw("ready").await;
    let before: i32 = sqlx::query_scalar(writer).fetch_one(&mut raw).await.unwrap();
    // What a session sees whose server became a standby.
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006'; END $$";
    server.run("ready", refuse).await;
    let each =
        "CREATE TRIGGER refuse BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION refuse()";
    server.run("ready", each).await;
    let error = store.commit(group(1, epoch)).await.unwrap_err();
    assert!(matches!(error, CommitError::NotDone(StoreError::Unavailable(_))), "{error}");
    assert!(error.to_string().contains("read-only"), "{error}");
    server.run("ready", "DROP TRIGGER refuse ON history").await;
    assert_eq!(store.commit(group(1, epoch)).await.unwrap(), [Outcome::Applied]);
    let after: i32 = sqlx::query_scalar(writer).fetch_one(&mut raw).await.unwrap();
    assert_ne!(before, after);
    raw.close().await.unwrap();
    sound(&server, store, 1).await;
}

#[tokio::test]
async fn a_conflict_is_run_again_and_the_group_is_applied_once() {
    let (server, store, epoch) = alone().await;
    let mut rival = server.raw("ready").await;
    sqlx::raw_sql("BEGIN; UPDATE partitions SET settled = settled + 1")
        .execute(&mut rival)
        .await
        .unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.commit(group(1, epoch)).await }
    });
    until(&server, "SELECT COUNT(*) = 1 FROM pg_stat_activity WHERE application_name = 'dayend' AND wait_event_type = 'Lock'").await;
    sqlx::raw_sql("COMMIT").execute(&mut rival).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), [Outcome::Applied]);
    rival.close().await.unwrap();
    sound(&server, store, 1).await;
}

#[tokio::test]
async fn callers_who_give_up_leave_no_transaction_and_no_gap() {
    let (server, store, epoch) = alone().await;
    for id in 1..=50 {
        let store = store.clone();
        let caller = tokio::spawn(async move { store.commit(group(id, epoch)).await });
        if id % 2 == 0 {
            tokio::task::yield_now().await;
        }
        caller.abort();
        let _ = caller.await;
    }
    assert_eq!(store.commit(group(100, epoch)).await.unwrap(), [Outcome::Applied]);
    until(&server, "SELECT COUNT(*) = 0 FROM pg_stat_activity WHERE application_name = 'dayend' AND xact_start IS NOT NULL").await;
    let verified = store.verify().await.unwrap();
    assert_eq!(verified.defects, Vec::<String>::new());
    store.close().await;
}

#[tokio::test]
async fn an_owner_whose_session_ended_is_kept_out_and_then_fenced_by_its_successor() {
    let (server, old, epoch) = alone().await;
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dayend'";
    server.run("postgres", end).await;
    let new = server.store("ready").await;
    let newer = new.take_over(PARTITION).await.unwrap().epoch;
    // The first one learns that its session is gone, the next one that the lock is taken.
    for _ in 0..2 {
        let error = old.commit(group(1, epoch)).await.unwrap_err();
        assert!(matches!(error, CommitError::NotDone(_)), "{error}");
    }
    assert!(matches!(old.was_committed(GroupId(1)).await, Err(StoreError::InUse(_))));
    assert_eq!(new.commit(group(2, newer)).await.unwrap(), [Outcome::Applied]);
    new.close().await;
    // Then it may write again, but its runs are another's.
    let mut stale = group(3, epoch);
    stale.writes = vec![Write::Runs {
        claim: None,
        new: vec![],
        changed: vec![],
        nodes: vec![],
        history: vec![record("late")],
    }];
    assert_eq!(old.commit(stale).await.unwrap(), [Outcome::LostRace]);
    sound(&server, old, 1).await;
}

async fn alone() -> (Arc<Server>, PostgresStore, OwnerEpoch) {
    let server = Server::start().await;
    let store = server.store("ready").await;
    let epoch = store.take_over(PARTITION).await.unwrap().epoch;
    (server, store, epoch)
}

async fn behind_a_proxy(
    options: PostgresOptions,
) -> (Arc<Server>, Proxy, PostgresStore, OwnerEpoch) {
    let server = Server::start().await;
    let url = server.url("ready");
    let (start, rest) = url.rsplit_once(':').unwrap();
    let (port, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::before(port.parse().unwrap()).unwrap();
    let url = format!("{start}:{}/{database}?sslmode=disable", proxy.port());
    let store = server.try_store(&url, options).await.unwrap();
    let epoch = store.take_over(PARTITION).await.unwrap().epoch;
    (server, proxy, store, epoch)
}

/// Waits until the server says so.
async fn until(server: &Server, question: &'static str) {
    let mut raw = server.raw("postgres").await;
    let asked = async {
        while !sqlx::query(question).fetch_one(&mut raw).await.unwrap().get::<bool, _>(0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asked).await.unwrap();
}

/// The history has `records` records, and all is well.
async fn sound(server: &Arc<Server>, store: PostgresStore, records: i64) {
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.records, verified.defects), (records, vec![]));
    store.close().await;
    until(server, "SELECT COUNT(*) = 0 FROM pg_stat_activity WHERE application_name = 'dayend'")
        .await;
}

fn group(id: i64, epoch: OwnerEpoch) -> Group {
    let writes = vec![Write::Audit { history: record("test") }];
    Group { id: GroupId(id), partition: PARTITION, epoch, at: T0, writes }
}
