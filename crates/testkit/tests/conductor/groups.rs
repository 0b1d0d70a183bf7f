//! The same of groups.

use crate::definitions::{NIGHT, NIGHT_DONE};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_service::requests::{Refusal, RunStatus, TaskRequest, TaskVerb};
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::scripted::Act;

#[tokio::test]
async fn a_group_runs_its_members_in_order_and_each_has_an_id_of_its_own() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    let run = app.trigger_group("NIGHT").await;
    let status = app.ended(&run).await;
    assert_eq!(shown(&status), NIGHT_DONE);
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
    let run = app.trigger_group("NIGHT").await;
    let status = app.ended(&run).await;
    assert_eq!(shown(&status), "FAILED FIRST=SUCCESSFUL SECOND=FAILED THIRD=NOT-STARTED");
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    let after = app.ended(&run).await;
    assert_eq!(shown(&after), NIGHT_DONE);
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
    let run = app.trigger_group("NIGHT").await;
    let status = app.ended(&run).await;
    let member = status.members[1].run_id.to_string();
    app.service.restart(&app.caller, app.run_request(&member)).await.unwrap();
    let after = app.ended(&run).await;
    assert_eq!(shown(&after), NIGHT_DONE);
    app.verify().await;
}

#[tokio::test]
async fn an_interrupted_group_interrupts_members_that_have_not_started() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    app.scripted.script("F1", &[Act::Hang, Act::Succeed]);
    let run = app.trigger_group("NIGHT").await;
    app.scripted.attempt_of("F1").await;
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    let status = app.ended(&run).await;
    assert_eq!(
        shown(&status),
        "INTERRUPTED FIRST=INTERRUPTED SECOND=INTERRUPTED THIRD=INTERRUPTED"
    );
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(shown(&app.ended(&run).await), NIGHT_DONE);
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
