//! A database server that has no connection left, whose rows are locked, or that ends transactions by its own choice.

use crate::bank::{Bank, RECOVERED_WITHIN, Session};
use crate::work::{WORK, Wish, assert_all_ended_well, definition};
use std::time::Instant;

/// How many connections the server takes.
const CONNECTIONS: usize = 14;

#[test]
fn without_a_free_connection_calls_are_refused_until_there_is_one() {
    let bank = Bank::empty();
    bank.cluster.sql(&format!("ALTER SYSTEM SET max_connections = {CONNECTIONS}")).unwrap();
    bank.cluster.crash_and_restart().unwrap();
    bank.init(&bank.url()).ok();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let mut wishes = vec![Wish::new("before".to_owned())];
    let before = wishes[0].insist(&open);
    // A server that still works would take a connection before the others do.
    open.ended(&before);

    let sessions = all_connections(&bank);
    let refused =
        crate::server_support::run(&["admin", "user", "list", "--data", bank.home.text()]);
    assert_eq!(refused.code, 8, "the directory is in use: {}", refused.stderr);
    let audit = crate::server_support::run(&["audit", "verify", "--data", bank.home.text()]);
    assert!(audit.failed_with(11).contains("no connection left"), "{}", audit.stderr);
    let answer = open.call("trigger", "meanwhile", WORK);
    assert_eq!(answer.status, 503, "{answer:?}");
    drop(sessions);
    wishes.push(Wish::new("meanwhile".to_owned()));
    wishes.push(Wish::new("after".to_owned()));
    assert_all_ended_well(&bank, &open, &mut wishes);
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}

/// Takes all connections, those of the server too.
fn all_connections(bank: &Bank) -> Vec<Session> {
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dayend'";
    let mut sessions = vec![bank.session(end)];
    let begun = Instant::now();
    loop {
        let session = bank.session("SELECT 1");
        if !session.connected {
            return sessions;
        }
        assert!(begun.elapsed() < RECOVERED_WITHIN, "there is no end to the connections");
        sessions.push(session);
    }
}

#[test]
fn rows_that_another_session_locks_fail_no_run() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let mut wishes = vec![Wish::new("before".to_owned())];
    wishes[0].insist(&open);
    let locked = bank.session("BEGIN; LOCK TABLE run_nodes IN EXCLUSIVE MODE");
    assert!(locked.connected);
    let answer = open.call("trigger", "meanwhile", WORK);
    assert_eq!(answer.status, 503, "{answer:?}");
    drop(locked);
    wishes.push(Wish::new("meanwhile".to_owned()));
    wishes.push(Wish::new("after".to_owned()));
    assert_all_ended_well(&bank, &open, &mut wishes);
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}

#[test]
fn a_storm_of_deadlocks_and_serialization_failures_fails_no_run() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let storm = "CREATE FUNCTION storm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF random() < 0.4 THEN RAISE 'storm' USING ERRCODE = (ARRAY['40P01', '40001'])[1 + floor(random() * 2)::int]; END IF; \
        RETURN NULL; END $$";
    bank.cluster.sql(storm).unwrap();
    let each =
        "CREATE TRIGGER storm AFTER INSERT ON history FOR EACH STATEMENT EXECUTE FUNCTION storm()";
    bank.cluster.sql(each).unwrap();
    let mut wishes: Vec<Wish> = (0..8).map(|run| Wish::new(format!("work-{run}"))).collect();
    for wish in &mut wishes {
        wish.insist(&open);
    }
    assert_all_ended_well(&bank, &open, &mut wishes);
    bank.cluster.sql("DROP TRIGGER storm ON history").unwrap();
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}
