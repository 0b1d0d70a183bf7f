//! Runs from trigger to end over a real store, with executors that do as they are told.

use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::Outcome;
use dayend_service::requests::{IdempotencyKey, Refusal, RunStatus, TaskRequest, TaskVerb};
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::scripted::Act;

const CHAIN: &str = "
apiVersion: dayend/v1
kind: Batch
code: CHAIN
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A] }
  - { code: C, noop: {}, after: [B] }
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
tasks: [{ code: S1, noop: {} }, { code: S2, noop: {}, after: [S1] }]
---
apiVersion: dayend/v1
kind: Batch
code: THIRD
tasks: [{ code: T1, noop: {} }]
---
apiVersion: dayend/v1
kind: BatchGroup
code: NIGHT
members: [{ batch: FIRST }, { batch: SECOND, after: [FIRST] }, { batch: THIRD, after: [SECOND] }]
";

#[tokio::test]
async fn a_chain_runs_in_order_and_ends_successful() {
    let app = TestApp::new().await;
    app.apply(CHAIN).await;
    let run = app.trigger("CHAIN").await;
    let status = app.ended(&run).await;
    assert_eq!(shown(&status), "SUCCESSFUL A=SUCCESSFUL B=SUCCESSFUL C=SUCCESSFUL");
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
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL A=SUCCESSFUL B=SUCCESSFUL C=SUCCESSFUL");
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
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL A=SUCCESSFUL B=SUCCESSFUL C=SUCCESSFUL");
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
async fn a_group_runs_its_members_in_order_and_each_has_an_id_of_its_own() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    let run = app
        .service
        .trigger(&app.caller, app.trigger_of("NIGHT", Kind::BatchGroup))
        .await
        .unwrap()
        .run_id
        .to_string();
    let status = app.ended(&run).await;
    assert_eq!(shown(&status), "SUCCESSFUL FIRST=SUCCESSFUL SECOND=SUCCESSFUL THIRD=SUCCESSFUL");
    for member in &status.members {
        let own = app
            .service
            .status(&app.caller, app.run_request(member.run_id.as_str()), None)
            .await
            .unwrap();
        assert_eq!(own.status, Status::Successful);
    }
    assert_eq!(app.scripted.started_tasks(), ["F1", "S1", "S2", "T1"]);
    app.verify().await;
}

#[tokio::test]
async fn a_failed_member_fails_its_group_and_a_restart_of_the_group_repairs_it() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    app.scripted.script("S1", &[Act::Fail, Act::Succeed]);
    let run = app
        .service
        .trigger(&app.caller, app.trigger_of("NIGHT", Kind::BatchGroup))
        .await
        .unwrap()
        .run_id
        .to_string();
    let status = app.ended(&run).await;
    assert_eq!(shown(&status), "FAILED FIRST=SUCCESSFUL SECOND=FAILED THIRD=NOT-STARTED");
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    let after = app.ended(&run).await;
    assert_eq!(shown(&after), "SUCCESSFUL FIRST=SUCCESSFUL SECOND=SUCCESSFUL THIRD=SUCCESSFUL");
    let ids = |status: &RunStatus| {
        status.members.iter().map(|member| member.run_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&status), ids(&after), "a restart keeps the members' ids");
    assert_eq!(app.scripted.started_tasks(), ["F1", "S1", "S1", "S2", "T1"]);
    app.verify().await;
}

#[tokio::test]
async fn restarting_a_member_by_its_own_id_takes_its_group_along() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    app.scripted.script("S1", &[Act::Fail, Act::Succeed]);
    let run = app
        .service
        .trigger(&app.caller, app.trigger_of("NIGHT", Kind::BatchGroup))
        .await
        .unwrap()
        .run_id
        .to_string();
    let status = app.ended(&run).await;
    let member = status.members[1].run_id.to_string();
    app.service.restart(&app.caller, app.run_request(&member)).await.unwrap();
    let after = app.ended(&run).await;
    assert_eq!(shown(&after), "SUCCESSFUL FIRST=SUCCESSFUL SECOND=SUCCESSFUL THIRD=SUCCESSFUL");
    app.verify().await;
}

#[tokio::test]
async fn an_interrupted_group_interrupts_members_that_have_not_started() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    app.scripted.script("F1", &[Act::Hang, Act::Succeed]);
    let run = app
        .service
        .trigger(&app.caller, app.trigger_of("NIGHT", Kind::BatchGroup))
        .await
        .unwrap()
        .run_id
        .to_string();
    app.scripted.attempt_of("F1").await;
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    let status = app.ended(&run).await;
    assert_eq!(
        shown(&status),
        "INTERRUPTED FIRST=INTERRUPTED SECOND=INTERRUPTED THIRD=INTERRUPTED"
    );
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(
        shown(&app.ended(&run).await),
        "SUCCESSFUL FIRST=SUCCESSFUL SECOND=SUCCESSFUL THIRD=SUCCESSFUL"
    );
    app.verify().await;
}

#[tokio::test]
async fn nothing_starts_behind_a_forced_task_while_its_group_is_interrupted() {
    let app = TestApp::new().await;
    app.apply(&NIGHT.replace("SECOND, after: [FIRST]", "SECOND")).await;
    app.scripted.script("S1", &[Act::Fail]);
    app.scripted.script("F1", &[Act::Hang, Act::Succeed]);
    let trigger = app.trigger_of("NIGHT", Kind::BatchGroup);
    let run = app.service.trigger(&app.caller, trigger).await.unwrap().run_id.to_string();
    app.scripted.attempt_of("F1").await;
    let failed = |status: &RunStatus| status.members[1].status == Status::Failed;
    let status = app.wait_until(&run, failed).await;
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    let force = TaskRequest {
        run: app.run_request(status.members[1].run_id.as_str()),
        task: "S1".to_owned(),
        verb: TaskVerb::ForceOk,
        reason: "the file is there".to_owned(),
    };
    let refused = app.service.task(&app.caller, force).await;
    assert!(matches!(refused, Err(Refusal::WrongState(_))), "{refused:?}");
    assert_eq!(
        shown(&app.ended(&run).await),
        "INTERRUPTED FIRST=INTERRUPTED SECOND=FAILED THIRD=NOT-STARTED"
    );
    assert!(!app.scripted.started_tasks().contains(&"S2".to_owned()));
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
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL A=SUCCESSFUL B=SUCCESSFUL C=SUCCESSFUL");
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
