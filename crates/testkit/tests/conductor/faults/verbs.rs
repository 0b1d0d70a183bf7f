//! What people ask of runs while commits and reads fail.

use crate::definitions::CHAIN_DONE;
use crate::stage::{chain_app, hanging_at_b, keyed, runs};
use dayend_executor::port::Outcome;
use dayend_service::conductor::input::{Answer, Command, RunVerb, VerbCommand};
use dayend_service::requests::{IdempotencyKey, Refusal};
use dayend_store::port::ClaimRow;
use dayend_testkit::app::{TENANT, TestApp, shown};
use dayend_testkit::flaky::Fate;
use dayend_testkit::scripted::Act;

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
    assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE);
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
        assert_eq!(shown(&app.ended(&run).await), CHAIN_DONE, "{fate:?}");
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
