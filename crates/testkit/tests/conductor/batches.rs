//! Batches from trigger to end over a real store, with executors that do as they are told.

use crate::definitions::{CHAIN, CHAIN_DONE};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::Outcome;
use dayend_service::requests::{IdempotencyKey, Refusal, TaskRequest, TaskVerb};
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::scripted::Act;

#[tokio::test]
async fn a_chain_runs_in_order_and_ends_successful() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    let run = app.trigger("CHAIN").await;
    let status = app.ended(&run).await;
    assert_eq!(shown(&status), CHAIN_DONE);
    assert_eq!(app.scripted.started_tasks(), ["A", "B", "C"]);
    app.verify().await;
}

#[tokio::test]
async fn a_restart_continues_the_same_run_with_what_is_not_successful() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    app.scripted.script("B", &[Act::Fail, Act::Succeed]);
    let run = app.trigger("CHAIN").await;
    assert_eq!(shown(&app.ended(&run).await), "FAILED A=SUCCESSFUL B=FAILED C=NOT-STARTED");
    let accepted = app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(accepted.run_id.as_str(), run);
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    assert_eq!(app.scripted.started_tasks(), ["A", "B", "B", "C"]);
    let keys: Vec<String> =
        app.scripted.started().into_iter().filter(|s| s.task == "B").map(|s| s.key).collect();
    assert_ne!(keys[0], keys[1], "a restart opens a generation");
    app.verify().await;
}

#[tokio::test]
async fn an_interrupt_stops_what_runs_and_a_restart_goes_on() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    app.scripted.script("B", &[Act::Hang, Act::Succeed]);
    let run = app.trigger("CHAIN").await;
    app.scripted.attempt_of("B").await;
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    let again = app.service.interrupt(&app.caller, app.run_request(&run)).await;
    assert!(matches!(again, Err(Refusal::AlreadyInterrupted(_))), "{again:?}");
    assert_eq!(
        shown(&app.ended(&run).await),
        "INTERRUPTED A=SUCCESSFUL B=INTERRUPTED C=INTERRUPTED"
    );
    let again = app.service.interrupt(&app.caller, app.run_request(&run)).await;
    assert!(matches!(again, Err(Refusal::AlreadyInterrupted(_))), "{again:?}");
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    let over = app.service.interrupt(&app.caller, app.run_request(&run)).await;
    assert!(matches!(over, Err(Refusal::WrongState(_))), "{over:?}");
    let nothing = app.service.restart(&app.caller, app.run_request(&run)).await;
    assert!(matches!(nothing, Err(Refusal::NothingToRun(_))), "{nothing:?}");
    app.verify().await;
}

#[tokio::test]
async fn a_rerun_is_a_new_run_with_the_same_choices() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    let mut trigger = app.trigger_of("CHAIN", Kind::Batch);
    trigger.excluded = vec!["B".to_owned()];
    let run = app.service.trigger(&app.caller, trigger).await.unwrap().run_id.to_string();
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL A=SUCCESSFUL B=EXCLUDED C=SUCCESSFUL");
    let rerun =
        app.service.rerun(&app.caller, app.run_request(&run)).await.unwrap().run_id.to_string();
    assert_ne!(rerun, run);
    assert_eq!(shown(&app.ended(&rerun).await), "SUCCESSFUL A=SUCCESSFUL B=EXCLUDED C=SUCCESSFUL");
    app.verify().await;
}

#[tokio::test]
async fn a_held_task_waits_until_it_is_released() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    let mut trigger = app.trigger_of("CHAIN", Kind::Batch);
    trigger.held = vec!["B".to_owned()];
    let run = app.service.trigger(&app.caller, trigger).await.unwrap().run_id.to_string();
    let held = app.wait_until(&run, |status| status.status == Status::Held).await;
    assert_eq!(shown(&held), "HELD A=SUCCESSFUL B=HELD C=NOT-STARTED");
    let request = TaskRequest {
        run: app.run_request(&run),
        task: "B".to_owned(),
        verb: TaskVerb::Release,
        reason: "the file has come".to_owned(),
    };
    app.service.task(&app.caller, request).await.unwrap();
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    app.verify().await;
}

#[tokio::test]
async fn the_same_idempotency_key_names_the_same_run_and_another_body_is_refused() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    let with_key = |hash: u8| {
        let mut trigger = app.trigger_of("CHAIN", Kind::Batch);
        trigger.key = Some(IdempotencyKey { key: "order-1".to_owned(), body_hash: [hash; 32] });
        trigger
    };
    let both = tokio::join!(
        app.service.trigger(&app.caller, with_key(1)),
        app.service.trigger(&app.caller, with_key(1)),
    );
    let (first, second) = (both.0.unwrap(), both.1.unwrap());
    assert_eq!(first.run_id, second.run_id);
    assert!(first.replayed != second.replayed, "exactly one is the replay");
    let other = app.service.trigger(&app.caller, with_key(2)).await;
    assert_eq!(other, Err(Refusal::KeyReused("order-1".to_owned())));
    app.verify().await;
}

#[tokio::test]
async fn what_was_running_when_the_server_went_is_resolved_by_on_lost() {
    let app = TestApp::new().await;
    app.apply(
        "
apiVersion: dayend/v1
kind: Batch
code: LOST
tasks:
  - { code: ONCE, noop: {} }
  - { code: REPEATABLE, noop: {}, on_lost: retry }
",
    )
    .await;
    app.scripted.script("ONCE", &[Act::Hang]);
    app.scripted.script("REPEATABLE", &[Act::Hang]);
    let run = app.trigger("LOST").await;
    app.scripted.attempt_of("ONCE").await;
    app.scripted.attempt_of("REPEATABLE").await;
    let app = app.start_again().await;
    let status = app.wait_until(&run, |status| status.ended).await;
    assert_eq!(shown(&status), "ABORTED ONCE=ABORTED REPEATABLE=SUCCESSFUL");
    assert_eq!(app.scripted.adopted().len(), 2);
    assert_eq!(app.scripted.started_tasks(), ["REPEATABLE"]);
    app.verify().await;
}

#[tokio::test]
async fn a_report_of_an_attempt_that_is_over_changes_nothing() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    app.scripted.script("B", &[Act::Fail, Act::Hang]);
    let run = app.trigger("CHAIN").await;
    let first = app.scripted.attempt_of("B").await;
    app.ended(&run).await;
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    app.wait_until(&run, |status| status.status == Status::OnGoing).await;
    app.scripted.finish(first, Outcome::Succeeded, "too late");
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(
        shown(&app.ended(&run).await),
        "INTERRUPTED A=SUCCESSFUL B=INTERRUPTED C=INTERRUPTED"
    );
    app.verify().await;
}
