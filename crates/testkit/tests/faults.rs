//! Runs over a real store whose commits and reads fail as the test says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use dayend_engine::codes::AttemptId;
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::{Fact, Outcome};
use dayend_service::conductor::input::{Answer, Command, RunVerb, VerbCommand};
use dayend_service::requests::{IdempotencyKey, Refusal, TriggerRequest};
use dayend_store::port::{ClaimRow, NodeRow, Partition, RunRow};
use dayend_testkit::app::{TENANT, TestApp, shown};
use dayend_testkit::flaky::{Fate, Flaky};
use dayend_testkit::scripted::Act;
use std::sync::Arc;
use std::time::Duration;

const CHAIN: &str = "
apiVersion: dayend/v1
kind: Batch
code: CHAIN
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A] }
  - { code: C, noop: {}, after: [B] }
";

const PAIR: &str = "
apiVersion: dayend/v1
kind: Batch
code: PAIR
tasks:
  - { code: SLOW, noop: {}, timeout: 1h }
  - { code: OTHER, noop: {} }
";

const NIGHT: &str = "
apiVersion: dayend/v1
kind: Batch
code: FIRST
tasks: [{ code: F1, noop: {} }]
---
apiVersion: dayend/v1
kind: Batch
code: SECOND
tasks: [{ code: S1, noop: {} }]
---
apiVersion: dayend/v1
kind: BatchGroup
code: NIGHT
members: [{ batch: FIRST }, { batch: SECOND, after: [FIRST] }]
";

const LEDGER: &str = "
apiVersion: dayend/v1
kind: Connection
code: BOOKS
sqlite: { path: ledger.sqlite }
---
apiVersion: dayend/v1
kind: Batch
code: LEDGER
tasks: [{ code: POST, sql: { connection: BOOKS, statement: select 1 } }]
";

const ALL_DONE: &str = "SUCCESSFUL A=SUCCESSFUL B=SUCCESSFUL C=SUCCESSFUL";

#[tokio::test]
async fn a_trigger_whose_group_failed_made_no_run_and_its_key_can_be_used_again() {
    let (app, flaky) = chain_app().await;
    for fate in [Fate::NotDone, Fate::NotDoneUnknown] {
        flaky.script(&[fate]);
        let refused = app.service.trigger(&app.caller, keyed(&app, "order")).await;
        assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{fate:?}: {refused:?}");
        app.settled().await;
        assert_eq!(runs(&app).await, [], "{fate:?}");
        assert_eq!(app.scripted.started(), [], "{fate:?}");
    }
    let accepted = app.service.trigger(&app.caller, keyed(&app, "order")).await.unwrap();
    assert!(!accepted.replayed);
    assert_eq!(shown(&app.ended(accepted.run_id.as_str()).await), ALL_DONE);
    assert_eq!(runs(&app).await.len(), 1);
    app.verify().await;
}

#[tokio::test]
async fn a_group_trigger_is_all_or_nothing() {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(NIGHT).await;
    flaky.script(&[Fate::NotDone]);
    let refused = app.service.trigger(&app.caller, app.trigger_of("NIGHT", Kind::BatchGroup)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    assert_eq!(runs(&app).await, []);
    app.settled().await;
    flaky.hold();
    let arrived = flaky.arrived();
    let (run, ()) = tokio::join!(app.trigger_group("NIGHT"), async {
        flaky.arrived_after(arrived).await;
        assert_eq!(runs(&app).await, [], "nothing is seen before it is on disk");
        flaky.let_go();
    });
    for member in app.status(&run).await.members {
        app.status(member.run_id.as_str()).await;
    }
    assert_eq!(runs(&app).await.len(), 3);
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL FIRST=SUCCESSFUL SECOND=SUCCESSFUL");
    app.verify().await;
}

#[tokio::test]
async fn a_report_that_came_in_a_failed_group_is_not_lost() {
    for fate in [Fate::NotDone, Fate::NotDoneUnknown] {
        let (app, flaky) = chain_app().await;
        let (run, b) = hanging_at_b(&app).await;
        let before = app.status(&run).await;
        flaky.hold();
        flaky.script(&[fate, fate]);
        let arrived = flaky.arrived();
        app.scripted.finish(b, Outcome::Succeeded, "");
        flaky.arrived_after(arrived).await;
        flaky.let_one_through();
        flaky.arrived_after(arrived + 1).await;
        let during = app.status(&run).await;
        assert_eq!(shown(&during), shown(&before), "{fate:?}: readers never saw it");
        assert_eq!(app.scripted.started_tasks(), ["A", "B"], "{fate:?}: nothing was dispatched");
        flaky.let_go();
        assert_eq!(shown(&app.ended(&run).await), ALL_DONE, "{fate:?}");
        assert_eq!(app.scripted.started_tasks(), ["A", "B", "C"], "{fate:?}");
        app.verify().await;
    }
}

#[tokio::test]
async fn a_group_that_is_on_disk_goes_on_as_if_its_answer_had_come() {
    let (app, flaky) = chain_app().await;
    flaky.otherwise(Fate::DoneUnknown);
    let accepted = app.service.trigger(&app.caller, keyed(&app, "order")).await.unwrap();
    assert!(!accepted.replayed);
    let run = accepted.run_id.to_string();
    assert_eq!(shown(&app.ended(&run).await), ALL_DONE);
    assert_eq!(app.scripted.started_tasks(), ["A", "B", "C"], "no task is dispatched twice");
    let replay = app.service.trigger(&app.caller, keyed(&app, "order")).await.unwrap();
    assert!(replay.replayed);
    assert_eq!(replay.run_id, accepted.run_id);
    assert!(app.service.ready().await);
    app.verify().await;
}

#[tokio::test]
async fn nobody_is_kept_waiting_for_a_store_that_does_not_say_what_became_of_a_group() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    flaky.reads_fail(true);
    flaky.script(&[Fate::DoneUnknown]);
    let refused = app.service.trigger(&app.caller, app.trigger_of("CHAIN", Kind::Batch)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    assert!(!app.service.ready().await);
    flaky.reads_fail(false);
    app.scripted.finish(b, Outcome::Succeeded, "");
    assert_eq!(shown(&app.ended(&run).await), ALL_DONE);
    app.verify().await;
}

#[tokio::test]
async fn a_group_whose_fate_nobody_tells_for_a_while_is_neither_answered_nor_sent_again() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    flaky.reads_fail(true);
    flaky.script(&[Fate::DoneUnknown]);
    let arrived = flaky.arrived();
    app.scripted.finish(b, Outcome::Succeeded, "");
    flaky.arrived_after(arrived).await;
    assert_eq!(app.scripted.started_tasks(), ["A", "B"]);
    assert_eq!(flaky.arrived(), arrived + 1);
    flaky.reads_fail(false);
    assert_eq!(shown(&app.ended(&run).await), ALL_DONE);
    assert_eq!(app.scripted.started_tasks(), ["A", "B", "C"]);
    app.verify().await;
}

#[tokio::test]
async fn an_interrupt_in_a_failed_group_stopped_nothing() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    flaky.script(&[Fate::NotDone]);
    let refused = app.service.interrupt(&app.caller, app.run_request(&run)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    app.settled().await;
    assert_eq!(app.scripted.stopped(), []);
    app.scripted.finish(b, Outcome::Succeeded, "");
    assert_eq!(shown(&app.ended(&run).await), ALL_DONE);
    app.verify().await;
}

#[tokio::test]
async fn the_time_out_of_a_running_attempt_survives_a_reload_of_its_run() {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(PAIR).await;
    app.scripted.script("SLOW", &[Act::Hang]);
    app.scripted.script("OTHER", &[Act::Hang]);
    let run = app.trigger("PAIR").await;
    let (slow, other) =
        (app.scripted.attempt_of("SLOW").await, app.scripted.attempt_of("OTHER").await);
    app.settled().await;
    flaky.script(&[Fate::NotDone]);
    app.scripted.finish(other, Outcome::Succeeded, "");
    app.wait_until(&run, |status| status.tasks[1].status == Status::Successful).await;
    assert_eq!(app.scripted.stopped(), []);
    app.clock.advance(Duration::from_hours(2));
    app.settled().await;
    app.scripted.stop_of(slow).await;
    assert_eq!(shown(&app.ended(&run).await), "FAILED SLOW=FAILED OTHER=SUCCESSFUL");
    assert_eq!(message(&app, slow).await, "the time-out was reached: stopped");
    app.verify().await;
}

#[tokio::test]
async fn a_time_out_that_falls_into_a_failed_group_stops_its_attempt_all_the_same() {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(PAIR).await;
    app.apply(CHAIN).await;
    app.scripted.script("SLOW", &[Act::Hang]);
    app.scripted.script("OTHER", &[Act::Hang]);
    let run = app.trigger("PAIR").await;
    let slow = app.scripted.attempt_of("SLOW").await;
    app.scripted.attempt_of("OTHER").await;
    app.settled().await;
    // The first group is held, so that the time-out and another run's trigger meet in the one that fails.
    flaky.hold();
    flaky.script(&[Fate::Done, Fate::NotDone]);
    let arrived = flaky.arrived();
    let first = app.trigger("CHAIN");
    let rest = async {
        flaky.arrived_after(arrived).await;
        app.clock.advance(Duration::from_hours(2));
        let second = app.service.trigger(&app.caller, app.trigger_of("CHAIN", Kind::Batch));
        let through = async {
            while flaky.arrived() < arrived + 2 {
                flaky.let_one_through();
                tokio::task::yield_now().await;
            }
            flaky.let_go();
        };
        tokio::join!(second, through).0
    };
    let (_, refused) = tokio::join!(first, rest);
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    app.settled().await;
    app.scripted.stop_of(slow).await;
    let status = app.wait_until(&run, |status| status.tasks[0].status == Status::Failed).await;
    assert_eq!(shown(&status), "ON-GOING SLOW=FAILED OTHER=ON-GOING");
    app.verify().await;
}

#[tokio::test]
async fn an_attempt_that_waits_in_its_executors_queue_does_not_run_out_of_time() {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(PAIR).await;
    app.scripted.script("SLOW", &[Act::Queue]);
    app.scripted.script("OTHER", &[Act::Hang]);
    let run = app.trigger("PAIR").await;
    let (slow, other) =
        (app.scripted.attempt_of("SLOW").await, app.scripted.attempt_of("OTHER").await);
    flaky.script(&[Fate::NotDone]);
    app.clock.advance(Duration::from_hours(2));
    app.scripted.finish(other, Outcome::Succeeded, "");
    app.wait_until(&run, |status| status.tasks[1].status == Status::Successful).await;
    app.settled().await;
    app.clock.advance(Duration::from_hours(2));
    app.settled().await;
    assert_eq!(app.scripted.stopped(), [], "its time has not begun");
    app.scripted.report(slow, Fact::Started);
    app.settled().await;
    app.clock.advance(Duration::from_mins(30));
    app.settled().await;
    assert_eq!(app.scripted.stopped(), []);
    app.clock.advance(Duration::from_mins(31));
    app.settled().await;
    app.scripted.stop_of(slow).await;
    app.ended(&run).await;
    app.verify().await;
}

#[tokio::test]
async fn the_handle_of_an_accepted_attempt_survives_a_failed_group() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    flaky.script(&[Fate::NotDone]);
    app.scripted.report(b, Fact::Accepted { handle: "poll-here".to_owned() });
    // The first question may be in the group that fails.
    app.settled().await;
    app.settled().await;
    assert_eq!(node(&app, b).await.handle.as_deref(), Some("poll-here"));
    app.scripted.finish(b, Outcome::Succeeded, "");
    assert_eq!(shown(&app.ended(&run).await), ALL_DONE);
    app.verify().await;
}

#[tokio::test]
async fn a_stale_report_is_on_record_although_its_group_failed() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    app.scripted.finish(b, Outcome::Failed, "");
    app.ended(&run).await;
    flaky.script(&[Fate::NotDone]);
    app.scripted.finish(b, Outcome::Succeeded, "too late");
    app.settled().await;
    app.settled().await;
    let history = app.store.history(Partition(0), None, 0, 1000).await.unwrap();
    let stale = history.iter().filter(|row| row.record.event == "stale-report").count();
    assert_eq!(stale, 1);
    app.verify().await;
}

#[tokio::test]
async fn a_callback_is_answered_only_when_its_report_is_on_disk() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    flaky.script(&[Fate::NotDone]);
    app.scripted.finish(b, Outcome::Succeeded, "");
    app.settled().await;
    let stored = app.store.run_by_id(TENANT, &run.parse().unwrap()).await.unwrap().unwrap();
    let nodes = app.store.nodes(stored.key).await.unwrap();
    assert!(nodes[1].ended_at.is_some(), "the report of B is on disk: {nodes:?}");
    app.ended(&run).await;
}

#[tokio::test]
async fn runs_go_on_when_reads_fail_for_a_while_after_a_failed_commit() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    let other = app.trigger("CHAIN").await;
    let other_b = app.scripted.attempt_in(&other, "B").await;
    flaky.script(&[Fate::NotDone, Fate::NotDone]);
    flaky.reads_fail(true);
    let arrived = flaky.arrived();
    app.scripted.finish(b, Outcome::Succeeded, "");
    // A commit of nothing tells that the store writes again, while nothing can be read yet.
    flaky.arrived_after(arrived + 2).await;
    flaky.reads_fail(false);
    assert_eq!(shown(&app.ended(&run).await), ALL_DONE);
    app.scripted.finish(other_b, Outcome::Succeeded, "");
    assert_eq!(shown(&app.ended(&other).await), ALL_DONE);
    app.verify().await;
}

#[tokio::test]
async fn the_server_is_ready_again_by_itself_when_the_store_is() {
    let (app, flaky) = chain_app().await;
    flaky.otherwise(Fate::NotDone);
    let refused = app.service.trigger(&app.caller, app.trigger_of("CHAIN", Kind::Batch)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    assert!(!app.service.ready().await);
    flaky.otherwise(Fate::Done);
    // Nobody asks for anything.
    let recovering = async {
        while !app.service.ready().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(dayend_testkit::app::PATIENCE, recovering).await.unwrap();
}

#[tokio::test]
async fn who_watches_a_run_is_woken_also_when_the_run_was_read_again() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    app.settled().await;
    let seen = app.status(&run).await.revision;
    let request = app.run_request(&run);
    let watching = app.service.wait(&app.caller, request, Some(seen), Duration::from_hours(1));
    let rest = async {
        flaky.script(&[Fate::NotDone]);
        app.scripted.finish(b, Outcome::Succeeded, "");
    };
    let both = async { tokio::join!(watching, rest).0 };
    let woken = tokio::time::timeout(dayend_testkit::app::PATIENCE, both).await;
    let woken = woken.expect("the watcher is woken").unwrap();
    assert!(woken.revision > seen, "{woken:?}");
}

#[tokio::test]
async fn a_second_owner_stops_the_first_one_with_nothing_written() {
    for with_key in [false, true] {
        let app = TestApp::new().await;
        app.apply(CHAIN).await;
        let (run, b) = hanging_at_b(&app).await;
        app.store.take_over(Partition(0)).await.unwrap();
        let before = app.store.verify().await.unwrap();
        let trigger =
            if with_key { keyed(&app, "order") } else { app.trigger_of("CHAIN", Kind::Batch) };
        let refused = app.service.trigger(&app.caller, trigger).await;
        assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
        app.scripted.finish(b, Outcome::Succeeded, "");
        app.conductor.stop().await;
        assert!(!app.service.ready().await);
        let refused = app.service.interrupt(&app.caller, app.run_request(&run)).await;
        assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
        assert_eq!(app.store.verify().await.unwrap(), before, "nothing was written");
        assert_eq!(app.scripted.started_tasks(), ["A", "B"]);
    }
}

#[tokio::test]
async fn a_verb_whose_key_was_taken_meanwhile_leaves_no_trace() {
    for fate in [Fate::Done, Fate::DoneUnknown] {
        let (app, flaky) = chain_app().await;
        app.service.trigger(&app.caller, keyed(&app, "used")).await.unwrap();
        let (run, b) = hanging_at_b(&app).await;
        let key = app.store.run_by_id(TENANT, &run.parse().unwrap()).await.unwrap().unwrap().key;
        flaky.hold();
        flaky.script(&[fate]);
        let arrived = flaky.arrived();
        let rest = async {
            flaky.arrived_after(arrived).await;
            // Folded in behind the interrupt that will lose, and must not build on it.
            app.scripted.finish(b, Outcome::Succeeded, "");
            flaky.let_go();
        };
        let (answer, ()) = tokio::join!(app.conductor.command(TENANT, interrupt(&app, key)), rest);
        assert_eq!(answer, Ok(Answer::Raced), "{fate:?}");
        assert_eq!(shown(&app.ended(&run).await), ALL_DONE, "{fate:?}");
        assert_eq!(app.scripted.stopped(), [], "{fate:?}");
        app.verify().await;
    }
}

#[tokio::test]
async fn a_request_that_looked_its_key_up_too_early_is_answered_as_the_first_one_was() {
    let (app, flaky) = chain_app().await;
    app.scripted.script("B", &[Act::Hang]);
    let first = app.service.trigger(&app.caller, keyed(&app, "order")).await.unwrap();
    flaky.stale_claims(1);
    let second = app.service.trigger(&app.caller, keyed(&app, "order")).await.unwrap();
    assert_eq!((&second.run_id, second.replayed), (&first.run_id, true));
    let run = first.run_id.to_string();
    let b = app.scripted.attempt_in(&run, "B").await;
    let mut request = app.run_request(&run);
    request.key = Some(IdempotencyKey { key: "stop".to_owned(), body_hash: [1; 32] });
    assert!(!app.service.interrupt(&app.caller, request.clone()).await.unwrap().replayed);
    flaky.stale_claims(1);
    let again = app.service.interrupt(&app.caller, request.clone()).await;
    assert!(again.unwrap().replayed, "the run is interrupted already, by this very request");
    app.ended(&run).await;
    // A restart that lost its key is taken back, although the run could be restarted.
    request.key = Some(IdempotencyKey { key: "again".to_owned(), body_hash: [1; 32] });
    app.service.restart(&app.caller, request.clone()).await.unwrap();
    while app.scripted.attempt_in(&run, "B").await == b {
        tokio::task::yield_now().await;
    }
    let b = app.scripted.attempt_in(&run, "B").await;
    app.scripted.finish(b, Outcome::Failed, "");
    let before = app.ended(&run).await;
    flaky.stale_claims(1);
    assert!(app.service.restart(&app.caller, request).await.unwrap().replayed);
    assert_eq!(shown(&app.status(&run).await), shown(&before));
    assert_eq!(runs(&app).await.len(), 1);
    app.verify().await;
}

#[tokio::test]
async fn an_interrupt_also_stops_what_waits_for_its_connection() {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(LEDGER).await;
    app.scripted.script("POST", &[Act::Hang]);
    flaky.hold();
    let arrived = flaky.arrived();
    let (run, ()) = tokio::join!(app.trigger("LEDGER"), async {
        flaky.arrived_after(arrived).await;
        flaky.reads_fail(true);
        flaky.let_go();
    });
    let key = app.conductor.views.find(TENANT, &run).expect("it is live").row.key;
    let interrupted = VerbCommand {
        run: key,
        verb: RunVerb::Interrupt,
        actor: "test".to_owned(),
        reason: None,
        claim: None,
    };
    let answer = app.conductor.command(TENANT, Command::Verb(Box::new(interrupted))).await;
    assert_eq!(answer, Ok(Answer::Done));
    assert_eq!(app.scripted.started(), [], "its connection is not known yet");
    flaky.reads_fail(false);
    let post = app.scripted.attempt_of("POST").await;
    app.scripted.stop_of(post).await;
    assert_eq!(shown(&app.ended(&run).await), "INTERRUPTED POST=INTERRUPTED");
    app.verify().await;
}

async fn chain_app() -> (TestApp, Arc<Flaky>) {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(CHAIN).await;
    (app, flaky)
}

/// A run of CHAIN whose task B runs until the test ends it.
async fn hanging_at_b(app: &TestApp) -> (String, AttemptId) {
    app.scripted.script("B", &[Act::Hang]);
    let run = app.trigger("CHAIN").await;
    let b = app.scripted.attempt_in(&run, "B").await;
    app.settled().await;
    (run, b)
}

fn keyed(app: &TestApp, key: &str) -> TriggerRequest {
    let mut trigger = app.trigger_of("CHAIN", Kind::Batch);
    trigger.key = Some(IdempotencyKey { key: key.to_owned(), body_hash: [1; 32] });
    trigger
}

/// With the key of an earlier trigger, whose claim it repeats.
fn interrupt(app: &TestApp, run: dayend_engine::codes::RunKey) -> Command {
    let claim = ClaimRow {
        tenant: TENANT.to_owned(),
        client: app.client_id.clone(),
        verb: "trigger".to_owned(),
        key: "used".to_owned(),
        body_hash: [1; 32],
        answer: String::new(),
        at: dayend_engine::time::Timestamp(1),
    };
    Command::Verb(Box::new(VerbCommand {
        run,
        verb: RunVerb::Interrupt,
        actor: "test".to_owned(),
        reason: None,
        claim: Some(claim),
    }))
}

async fn runs(app: &TestApp) -> Vec<RunRow> {
    app.store.recent_runs(&app.scope, None, 100).await.unwrap()
}

async fn node(app: &TestApp, id: AttemptId) -> NodeRow {
    let nodes = app.store.nodes(id.run).await.unwrap();
    nodes.into_iter().find(|row| row.node == id.node).unwrap()
}

async fn message(app: &TestApp, id: AttemptId) -> String {
    node(app, id).await.message.unwrap_or_default()
}
