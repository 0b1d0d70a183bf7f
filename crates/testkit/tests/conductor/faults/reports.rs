//! Reports of attempts whose commit fails, or is not known to have happened.

use crate::definitions::CHAIN_DONE;
use crate::stage::{chain_app, hanging_at_b, node};
use dayend_engine::codes::AttemptId;
use dayend_engine::status::Status;
use dayend_executor::port::{Fact, FileNote, FileUse, Outcome};
use dayend_store::port::Partition;
use dayend_testkit::app::{TENANT, shown};
use dayend_testkit::flaky::Fate;
use dayend_testkit::scripted::Act;

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
        assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE, "{fate:?}");
        assert_eq!(app.scripted.started_tasks(), ["A", "B", "C"], "{fate:?}");
        app.verify().await;
    }
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
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    assert_eq!(app.scripted.started_tasks(), ["A", "B", "C"]);
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
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    app.verify().await;
}

#[tokio::test]
async fn the_files_of_an_attempt_stay_with_it_although_a_group_failed() {
    let (app, flaky) = chain_app().await;
    let (run, b) = hanging_at_b(&app).await;
    let (name, sha256) = ("report.csv".to_owned(), "ab".repeat(32));
    let files = vec![FileNote { purpose: FileUse::Out, name, size_bytes: 12, sha256 }];
    app.scripted.report(b, Fact::Files { files: files.clone() });
    app.settled().await;
    flaky.script(&[Fate::NotDone]);
    app.scripted.finish(b, Outcome::Failed, "exit code 3");
    assert_eq!(app.ended(&run).await.status, Status::Failed);
    let stored = node(&app, b).await.files.expect("they are in the row");
    assert_eq!(serde_json::from_str::<Vec<FileNote>>(&stored).unwrap(), files);
    app.scripted.script("B", &[Act::Succeed]);
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    let again = AttemptId { epoch: b.epoch + 1, ..b };
    assert_eq!(node(&app, again).await.files, None, "the next attempt has had none");
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
