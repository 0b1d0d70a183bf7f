use crate::harness::{Place, attempt, open_gate, read_gate, script};
use dayend_engine::codes::AttemptId;
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Attempt, Executor, Fact, Outcome};
use std::fs::File;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;
use tokio::runtime::Runtime;

const RUNS: &str = "echo ran >>$DAYEND_WORK/ran; echo ready >$DAYEND_WORK/ready; read x <$DAYEND_WORK/go; echo finished";

fn dir(place: &Place, id: AttemptId) -> PathBuf {
    place.root.path().join(format!("attempts/42/0-{}", id.epoch))
}

/// Starts the attempt in a server that then vanishes without a word. Returns when the command runs.
fn start_in_a_server_that_dies(place: &Place, attempt: Attempt) {
    let ready = place.gate("ready");
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let mut node = place.node();
        let id = attempt.id;
        node.executors.start(attempt);
        node.started(id).await;
        read_gate(&ready).await;
    });
    runtime.shutdown_background();
}

#[test]
fn a_command_outlives_its_server_and_the_next_one_sees_it_end() {
    let place = Place::new();
    let go = place.gate("go");
    let attempt = attempt(script(RUNS));
    let id = attempt.id;
    start_in_a_server_that_dies(&place, attempt.clone());
    Runtime::new().unwrap().block_on(async {
        let mut node = place.node();
        node.executors.adopt(attempt);
        let claimed = dir(&place, id).join("started").metadata().unwrap().modified().unwrap();
        let claimed =
            i64::try_from(claimed.duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
        assert_eq!(node.started(id).await.0, claimed, "its time-out goes on counting");
        let _open = open_gate(&go).await;
        assert_eq!(
            node.end_of(id).await,
            (Outcome::Succeeded, "finished (exit code 0)".to_owned())
        );
        assert_eq!(node.log_text(id), "finished\n");
    });
    assert_eq!(std::fs::read_to_string(place.work().join("ran")).unwrap(), "ran\n");
}

#[test]
fn an_adopted_command_can_be_stopped() {
    let place = Place::new();
    let _go = place.gate("go");
    let attempt = attempt(script(RUNS));
    let id = attempt.id;
    start_in_a_server_that_dies(&place, attempt.clone());
    Runtime::new().unwrap().block_on(async {
        let mut node = place.node();
        node.executors.adopt(attempt);
        node.started(id).await;
        node.executors.stop(id);
        assert_eq!(
            node.end_of(id).await,
            (Outcome::Failed, "stopped, killed by signal 15".to_owned())
        );
    });
}

#[test]
fn what_ended_while_no_server_looked_is_found_again() {
    let place = Place::new();
    let go = place.gate("go");
    let attempt = attempt(script(&format!("{RUNS}; exit 9")));
    let id = attempt.id;
    start_in_a_server_that_dies(&place, attempt.clone());
    std::fs::write(go, "go\n").unwrap();
    // The shim's lock is free when it is gone.
    File::open(dir(&place, id).join("lock")).unwrap().lock().unwrap();
    Runtime::new().unwrap().block_on(async {
        let mut node = place.node();
        for _ in 0..2 {
            node.executors.adopt(attempt.clone());
            let report = node.next().await;
            assert_eq!(
                report.fact,
                Fact::Ended {
                    outcome: Outcome::Failed,
                    message: "finished (exit code 9)".to_owned()
                }
            );
        }
    });
    assert_eq!(std::fs::read_to_string(place.work().join("ran")).unwrap(), "ran\n");
}

#[tokio::test]
async fn an_attempt_that_was_voided_can_never_start() {
    let place = Place::new();
    let attempt = attempt(script("echo ran >>$DAYEND_WORK/ran"));
    let (mut second, mut first) = (place.node(), place.node());
    second.executors.adopt(attempt.clone());
    let (outcome, message) = second.end_of(attempt.id).await;
    assert_eq!(outcome, Outcome::Void);
    assert!(message.contains("never started"), "{message}");
    // The server that found out may have gone down before anybody heard of it.
    let mut third = place.node();
    third.executors.adopt(attempt.clone());
    assert_eq!(third.end_of(attempt.id).await.0, Outcome::Void);
    assert_eq!(first.run(attempt).await.0, Outcome::Failed);
    assert!(!place.work().join("ran").exists());
}

#[tokio::test]
async fn of_a_start_and_a_voiding_at_the_same_time_exactly_one_wins() {
    for _ in 0..20 {
        let place = Place::new();
        let attempt = attempt(script("echo ran >>$DAYEND_WORK/ran"));
        let (mut first, mut second) = (place.node(), place.node());
        first.executors.start(attempt.clone());
        second.executors.adopt(attempt.clone());
        let (at_first, at_second) =
            (first.end_of(attempt.id).await, second.end_of(attempt.id).await);
        let voided = at_second.0 == Outcome::Void;
        let ran = std::fs::read_to_string(place.work().join("ran")).unwrap_or_default();
        assert_eq!(ran, if voided { "" } else { "ran\n" }, "{at_first:?} {at_second:?}");
        // To the one whose shim lost the race it is a failure: nothing ran.
        assert_eq!(at_first.0, if voided { Outcome::Failed } else { at_second.0 });
    }
}

#[tokio::test]
async fn a_shutdown_leaves_commands_running_and_says_nothing_of_them() {
    let place = Place::new();
    let (ready, go) = (place.gate("ready"), place.gate("go"));
    let attempt = attempt(script(RUNS));
    let id = attempt.id;
    let mut node = place.node();
    node.executors.start(attempt.clone());
    node.started(id).await;
    read_gate(&ready).await;
    node.executors.shutdown().await;
    assert!(node.reports.try_recv().is_err());
    let mut next = place.node();
    next.executors.adopt(attempt);
    next.started(id).await;
    let _open = open_gate(&go).await;
    assert_eq!(next.end_of(id).await.0, Outcome::Succeeded);
    assert!(node.reports.try_recv().is_err());
}

#[tokio::test]
async fn only_attempts_that_are_over_are_forgotten_whoever_looks_after_them() {
    let place = Place::new();
    let (ready, go) = (place.gate("ready"), place.gate("go"));
    let over = attempt(script("echo over"));
    let running = attempt(script(RUNS));
    let mut node = place.node();
    assert_eq!(node.run(over.clone()).await.0, Outcome::Succeeded);
    node.executors.start(running.clone());
    node.started(running.id).await;
    read_gate(&ready).await;
    let (past, future) = (Timestamp(1), Timestamp(i64::MAX));
    let run = running.id.run;
    // The other node knows the running attempt only by the lock of its shim.
    let other = place.node();
    assert_eq!(other.executors.runs_with_old_attempts(past).unwrap(), []);
    assert_eq!(other.executors.runs_with_old_attempts(future).unwrap(), [run]);
    assert_eq!(other.executors.forget_attempts(run, past).unwrap(), 0);
    assert_eq!(other.executors.forget_attempts(run, future).unwrap(), 1);
    assert_eq!(node.executors.forget_attempts(run, future).unwrap(), 0);
    assert!(!dir(&place, over.id).exists() && dir(&place, running.id).exists());
    assert_eq!(node.executors.log(over.id, 0, 10).unwrap(), None);
    let _open = open_gate(&go).await;
    assert_eq!(node.end_of(running.id).await.0, Outcome::Succeeded);
    assert_eq!(node.executors.forget_attempts(run, future).unwrap(), 1);
    assert_eq!(node.executors.runs_with_old_attempts(future).unwrap(), []);
    assert_eq!(node.run(attempt(script("echo again"))).await.0, Outcome::Succeeded);
}
