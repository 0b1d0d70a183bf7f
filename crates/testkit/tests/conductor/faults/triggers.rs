//! Triggers whose commit fails, or is not known to have happened.

use crate::definitions::{CHAIN_DONE, NIGHT, NIGHT_DONE};
use crate::stage::{chain_app, hanging_at_b, keyed, runs};
use dayend_engine::definition::Kind;
use dayend_executor::port::Outcome;
use dayend_service::requests::Refusal;
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::flaky::Fate;

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
    assert_eq!(shown(&app.ended(accepted.run_id.as_str()).await), CHAIN_DONE);
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
    assert_eq!(runs(&app).await.len(), 4);
    assert_eq!(shown(&app.ended(&run).await), NIGHT_DONE);
    app.verify().await;
}

#[tokio::test]
async fn a_group_that_is_on_disk_goes_on_as_if_its_answer_had_come() {
    let (app, flaky) = chain_app().await;
    flaky.otherwise(Fate::DoneUnknown);
    let accepted = app.service.trigger(&app.caller, keyed(&app, "order")).await.unwrap();
    assert!(!accepted.replayed);
    let run = accepted.run_id.to_string();
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
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
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
    app.verify().await;
}
