//! Time-outs while commits fail.

use crate::definitions::CHAIN;
use crate::stage::node;
use dayend_engine::codes::AttemptId;
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::{Fact, Outcome};
use dayend_service::requests::Refusal;
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::flaky::Fate;
use dayend_testkit::scripted::Act;
use std::time::Duration;

const PAIR: &str = "
apiVersion: dayend/v1
kind: Batch
code: PAIR
tasks:
  - { code: SLOW, noop: {}, timeout: 1h }
  - { code: OTHER, noop: {} }
";

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

async fn message(app: &TestApp, id: AttemptId) -> String {
    node(app, id).await.message.unwrap_or_default()
}
