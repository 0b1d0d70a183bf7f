//! What goes on by itself after commits and reads failed, and what must not.

use crate::definitions::{CHAIN, CHAIN_DONE};
use crate::stage::{chain_app, hanging_at_b, keyed};
use dayend_engine::definition::Kind;
use dayend_executor::port::Outcome;
use dayend_service::requests::Refusal;
use dayend_store::port::Partition;
use dayend_testkit::app::{PATIENCE, TestApp, shown};
use dayend_testkit::flaky::Fate;
use std::time::Duration;

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
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    app.scripted.finish(other_b, Outcome::Succeeded, "");
    assert_eq!(shown(&app.ended(&other).await), CHAIN_DONE);
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
    tokio::time::timeout(PATIENCE, recovering).await.unwrap();
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
    let woken = tokio::time::timeout(PATIENCE, both).await;
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
