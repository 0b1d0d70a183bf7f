//! Documented rules of attempts: time-outs, retries, and attempts that are lost or never started.

use crate::build::task;
use crate::drive::{FAILED, LOST, SUCCEEDED, VOID, chain, plain};
use dayend_engine::definition::{On, OnLost, Retries, Task};
use dayend_engine::run::{Effect, Event, NodeState};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;

use NodeState::{Aborted, Backoff, Failed, Interrupted, Running, Successful, Waiting};

#[test]
fn a_time_out_counts_from_when_the_attempt_really_started() {
    let slow = Task { timeout_ms: Some(100), ..task("A", &[]) };
    let mut pair = plain(vec![slow]);
    let dispatched = pair.now;
    assert_eq!(pair.run.next_wake(), None, "it may wait in a queue for long");
    pair.now = dispatched.plus_ms(10_000);
    let out = pair.step(Event::Started { node: 0, epoch: 1 }).unwrap();
    let deadline = dispatched.plus_ms(10_100);
    assert_eq!(out.effects, [Effect::WakeAt(deadline)]);
    assert_eq!(pair.tick_at(Timestamp(deadline.0 - 1)).effects, [Effect::WakeAt(deadline)]);
    assert_eq!(pair.tick_at(deadline).effects, [Effect::Stop { node: 0, epoch: 1 }]);
    assert_eq!(pair.run.state(0), Running, "until the process is gone");
    let out = pair.end(0, SUCCEEDED).unwrap();
    assert!(out.timed_out);
    assert_eq!(pair.run.state(0), Failed, "it was told to stop, so its success does not count");
}

#[test]
fn after_a_restart_of_the_server_a_time_out_counts_from_the_dispatch_until_the_start_is_told() {
    let mut pair = plain(vec![Task { timeout_ms: Some(100), ..task("A", &[]) }]);
    let dispatched = pair.now;
    pair.reload();
    assert_eq!(pair.run.next_wake(), Some(dispatched.plus_ms(100)));
    pair.now = dispatched.plus_ms(30);
    let out = pair.step(Event::Started { node: 0, epoch: 1 }).unwrap();
    assert_eq!(out.effects, [Effect::WakeAt(dispatched.plus_ms(130))]);
}

#[test]
fn a_time_out_is_a_failure_that_is_retried() {
    let retries = Retries { max: 1, backoff_ms: 50, max_backoff_ms: None };
    let mut pair = plain(vec![Task { timeout_ms: Some(100), retries, ..task("A", &[]) }]);
    for (attempt, then) in [(1, Backoff), (2, Failed)] {
        pair.step(Event::Started { node: 0, epoch: attempt }).unwrap();
        let deadline = pair.run.next_wake().unwrap();
        pair.tick_at(deadline);
        pair.end(0, FAILED).unwrap();
        assert_eq!(pair.run.state(0), then);
        if let Some(due) = pair.run.next_wake() {
            assert_eq!(due, deadline.plus_ms(50));
            let out = pair.tick_at(due);
            let again = Effect::Dispatch { node: 0, epoch: 2, attempt: 2, generation: 1 };
            assert_eq!(out.effects, [again], "same generation, so the same key");
        }
    }
}

#[test]
fn a_restart_gives_all_retries_again_in_a_new_generation() {
    let retries = Retries { max: 1, backoff_ms: 0, max_backoff_ms: None };
    let mut pair = plain(vec![Task { retries, ..task("A", &[]) }]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        for _ in 0..2 {
            seen.push((pair.run.epoch(0), pair.run.attempt(0), pair.run.node_generation(0)));
            pair.end(0, FAILED).unwrap();
            pair.step(Event::Tick).unwrap();
        }
        assert_eq!(pair.run.state(0), Failed);
        pair.restart().unwrap();
    }
    assert_eq!(seen, [(1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 2, 2)]);
}

#[test]
fn a_lost_attempt_is_aborted_or_tried_again_as_its_task_says() {
    let retries = Retries { max: 5, backoff_ms: 0, max_backoff_ms: None };
    let of = |on_lost| Task { on_lost, retries, ..task("A", &[]) };
    let mut pair = plain(vec![of(OnLost::Abort)]);
    pair.end(0, LOST).unwrap();
    assert_eq!((pair.run.state(0), pair.run.status()), (Aborted, Status::Aborted), "no retry");
    let mut pair = plain(vec![of(OnLost::Retry)]);
    let out = pair.end(0, LOST).unwrap();
    assert_eq!(out.effects, [Effect::Dispatch { node: 0, epoch: 2, attempt: 2, generation: 1 }]);
    for _ in 2..100 {
        pair.end(0, LOST).unwrap();
    }
    assert_eq!((pair.run.state(0), pair.run.attempt(0)), (Running, 100));
    pair.end(0, LOST).unwrap();
    assert_eq!(pair.run.state(0), Aborted, "attempts are bounded");
}

#[test]
fn a_time_out_whose_attempt_is_lost_is_aborted_for_nobody_knows_whether_it_ended() {
    let retries = Retries { max: 5, backoff_ms: 0, max_backoff_ms: None };
    for (on_lost, then) in [(OnLost::Abort, Aborted), (OnLost::Retry, Running)] {
        let mut pair =
            plain(vec![Task { timeout_ms: Some(100), on_lost, retries, ..task("A", &[]) }]);
        pair.step(Event::Started { node: 0, epoch: 1 }).unwrap();
        pair.tick_at(pair.run.next_wake().unwrap());
        assert!(pair.end(0, LOST).unwrap().timed_out);
        assert_eq!(pair.run.state(0), then, "{on_lost:?}");
    }
}

#[test]
fn an_attempt_that_never_started_is_made_again_and_is_no_retry() {
    let retries = Retries { max: 1, backoff_ms: 0, max_backoff_ms: None };
    let mut pair = plain(vec![Task { retries, timeout_ms: Some(100), ..task("A", &[]) }]);
    for epoch in 2..4 {
        let out = pair.end(0, VOID).unwrap();
        assert_eq!(out.effects, [Effect::Dispatch { node: 0, epoch, attempt: 1, generation: 1 }]);
        assert_eq!((pair.run.state(0), out.nodes.len()), (Running, 1));
    }
    pair.end(0, FAILED).unwrap();
    assert_eq!(pair.run.state(0), Backoff, "the retry is still there");
    let mut stopped = plain(vec![task("A", &[])]);
    stopped.step(Event::Interrupt).unwrap();
    assert_eq!(stopped.end(0, VOID).unwrap().effects, []);
    assert_eq!(stopped.run.state(0), Interrupted);
    let mut late = plain(vec![task("A", &[])]);
    late.end(0, LOST).unwrap();
    assert_eq!(late.end(0, VOID), Err("Stale"), "what was lost is a person's to decide");
}

#[test]
fn a_late_report_of_a_lost_attempt_counts_until_a_newer_one_exists() {
    let lost = || {
        let mut pair = plain(vec![task("A", &[]), task("B", &[("A", On::Success)])]);
        pair.end(0, LOST).unwrap();
        pair
    };
    let mut pair = lost();
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.states(), [Successful, Running]);
    let mut pair = lost();
    pair.end(0, FAILED).unwrap();
    assert_eq!(pair.states(), [Failed, Waiting]);
    let mut pair = lost();
    assert_eq!(pair.end(0, LOST), Err("Stale"));
    pair.restart().unwrap();
    let late = Event::Ended { node: 0, epoch: 1, outcome: SUCCEEDED };
    assert_eq!(pair.step(late), Err("Stale"));
}

#[test]
fn a_task_that_was_never_attempted_has_no_attempt_to_report() {
    let mut pair = plain(chain());
    for epoch in [0, 1] {
        for outcome in [SUCCEEDED, FAILED, LOST] {
            assert_eq!(pair.step(Event::Ended { node: 1, epoch, outcome }), Err("Stale"));
        }
    }
}
