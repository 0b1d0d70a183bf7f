//! What callers may rely on while nothing fails: monotone answers, waking, retries, keys, and memory that is given back.

use crate::definitions::{NIGHT, NIGHT_DONE, ONE};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::Outcome;
use dayend_service::requests::{IdempotencyKey, Refusal, RunStatus};
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::scripted::Act;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const LONG: &str = "
apiVersion: dayend/v1
kind: Batch
code: LONG
tasks:
  - { code: T00, noop: {} }
  - { code: T01, noop: {}, after: [T00] }
  - { code: T02, noop: {}, after: [T01] }
  - { code: T03, noop: {}, after: [T02] }
  - { code: T04, noop: {}, after: [T03] }
  - { code: T05, noop: {}, after: [T04] }
  - { code: T06, noop: {}, after: [T05] }
  - { code: T07, noop: {}, after: [T06] }
  - { code: T08, noop: {}, after: [T07] }
  - { code: T09, noop: {}, after: [T08] }
";

const RETRIED: &str = "
apiVersion: dayend/v1
kind: Batch
code: RETRIED
tasks: [{ code: FLIES, noop: {}, retries: { max: 2, backoff: 10m } }]
";

const LATE: &str = "
apiVersion: dayend/v1
kind: BatchGroup
code: LATE
members: [{ batch: FIRST }, { batch: SECOND, after: [FIRST] }, { batch: ONE }]
";

#[tokio::test]
async fn status_answers_never_go_back_and_include_what_the_caller_was_told() {
    let app = TestApp::new().await;
    app.apply(LONG).await;
    let run = app.trigger("LONG").await;
    let mut last = app.status(&run).await;
    while !last.ended {
        let next = app.status(&run).await;
        assert!(next.revision >= last.revision, "{last:?} {next:?}");
        assert!(done(&next) >= done(&last), "{last:?} {next:?}");
        last = next;
        tokio::task::yield_now().await;
    }
    assert_eq!(done(&app.status(&run).await), 10, "the answer stays when the run has left memory");
    app.scripted.script("ONLY", &[Act::Hang]);
    app.apply(ONE).await;
    let run = app.trigger("ONE").await;
    app.scripted.attempt_in(&run, "ONLY").await;
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    let after = app.service.interrupt(&app.caller, app.run_request(&run)).await;
    assert!(matches!(after, Err(Refusal::AlreadyInterrupted(_))), "{after:?}");
    app.ended(&run).await;
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_ne!(app.status(&run).await.status, Status::Interrupted);
}

#[tokio::test]
async fn who_waits_is_woken_by_the_change() {
    let app = TestApp::new().await;
    app.apply(ONE).await;
    app.scripted.script("ONLY", &[Act::Hang]);
    let run = app.trigger("ONE").await;
    let only = app.scripted.attempt_of("ONLY").await;
    app.settled().await;
    let seen = app.status(&run).await;
    let request = app.run_request(&run);
    let watching =
        app.service.wait(&app.caller, request, Some(seen.revision), Duration::from_hours(1));
    let ending = async { app.scripted.finish(only, Outcome::Succeeded, "") };
    let (woken, ()) = tokio::join!(watching, ending);
    let woken = woken.unwrap();
    assert!(woken.ended && woken.revision > seen.revision, "{woken:?}");
}

#[tokio::test]
async fn a_failed_attempt_is_retried_when_its_delay_is_over_and_not_before() {
    let app = TestApp::new().await;
    app.apply(RETRIED).await;
    app.scripted.script("FLIES", &[Act::Fail, Act::Fail, Act::Succeed]);
    let run = app.trigger("RETRIED").await;
    let first = app.scripted.attempt_of("FLIES").await;
    app.settled().await;
    app.clock.advance(Duration::from_mins(9));
    app.settled().await;
    assert_eq!(app.scripted.started().len(), 1);
    assert_eq!(shown(&app.status(&run).await), "ON-GOING FLIES=ON-GOING");
    app.clock.advance(Duration::from_mins(2));
    app.settled().await;
    while app.scripted.attempt_of("FLIES").await == first {
        tokio::task::yield_now().await;
    }
    app.settled().await;
    app.clock.advance(Duration::from_mins(21));
    app.settled().await;
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL FLIES=SUCCESSFUL");
    let started = app.scripted.started();
    let attempts: Vec<u32> = started.iter().map(|one| one.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let keys: BTreeSet<&str> = started.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys.len(), 1, "retries keep the key");
    app.verify().await;
}

#[tokio::test]
async fn a_thousand_triggers_with_one_key_make_one_run() {
    let app = Arc::new(TestApp::new().await);
    app.apply(ONE).await;
    let mut triggers = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let app = Arc::clone(&app);
        triggers.spawn(async move {
            let mut trigger = app.trigger_of("ONE", Kind::Batch);
            trigger.key = Some(IdempotencyKey { key: "once".to_owned(), body_hash: [7; 32] });
            app.service.trigger(&app.caller, trigger).await.unwrap()
        });
    }
    let accepted = triggers.join_all().await;
    let ids: BTreeSet<_> = accepted.iter().map(|one| one.run_id.clone()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(accepted.iter().filter(|one| !one.replayed).count(), 1);
    let run = ids.first().unwrap().to_string();
    app.ended(&run).await;
    assert_eq!(app.scripted.started().len(), 1);
    assert_eq!(app.store.recent_runs(&app.scope, None, 10).await.unwrap().len(), 1);
    app.verify().await;
}

#[tokio::test]
async fn a_repeated_verb_with_a_key_is_answered_as_the_first_one_was() {
    let app = Arc::new(TestApp::new().await);
    app.apply(ONE).await;
    app.scripted.script("ONLY", &[Act::Hang]);
    let run = app.trigger("ONE").await;
    app.scripted.attempt_of("ONLY").await;
    let mut interrupts = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, mut request) = (Arc::clone(&app), app.run_request(&run));
        request.key = Some(IdempotencyKey { key: "stop".to_owned(), body_hash: [7; 32] });
        interrupts.spawn(async move { app.service.interrupt(&app.caller, request).await });
    }
    let answers = interrupts.join_all().await;
    let accepted: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(accepted.iter().filter(|one| !one.replayed).count(), 1);
    app.ended(&run).await;
    app.verify().await;
}

#[tokio::test]
async fn a_verb_on_an_ended_run_loads_it_acts_and_lets_it_go_again() {
    let app = TestApp::new().await;
    app.apply(ONE).await;
    app.scripted.script("ONLY", &[Act::Fail, Act::Hang]);
    let run = app.trigger("ONE").await;
    app.ended(&run).await;
    assert!(app.is_let_go(&run));
    let refused = app.service.interrupt(&app.caller, app.run_request(&run)).await;
    assert!(matches!(refused, Err(Refusal::WrongState(_))), "{refused:?}");
    assert!(app.is_let_go(&run), "a refused verb leaves nothing in memory");
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert!(!app.is_let_go(&run));
    app.settled().await;
    let second = app.scripted.attempt_of("ONLY").await;
    app.scripted.finish(second, Outcome::Succeeded, "");
    assert_eq!(shown(&app.ended(&run).await), "SUCCESSFUL ONLY=SUCCESSFUL");
    assert!(app.is_let_go(&run));
    let rerun = app.service.rerun(&app.caller, app.run_request(&run)).await.unwrap();
    assert_ne!(rerun.run_id.as_str(), run);
    app.verify().await;
}

#[tokio::test]
async fn a_group_says_of_its_members_what_they_say_of_themselves() {
    let app = TestApp::new().await;
    app.apply(&format!("{ONE}---{NIGHT}---{LATE}")).await;
    app.scripted.script("F1", &[Act::Fail]);
    app.scripted.script("ONLY", &[Act::Hang]);
    let mut trigger = app.trigger_of("LATE", Kind::BatchGroup);
    trigger.held = vec!["SECOND".to_owned()];
    let run = app.service.trigger(&app.caller, trigger).await.unwrap().run_id.to_string();
    let failed = |status: &RunStatus| status.members[0].status == Status::Failed;
    let live = app.wait_until(&run, failed).await;
    assert_eq!(shown(&live), "ON-GOING FIRST=FAILED SECOND=HELD ONE=ON-GOING");
    app.scripted.finish(app.scripted.attempt_of("ONLY").await, Outcome::Succeeded, "");
    app.ended(&run).await;
    assert!(app.is_let_go(&run));
    let over = app.status(&run).await;
    assert_eq!(shown(&over), "FAILED FIRST=FAILED SECOND=HELD ONE=SUCCESSFUL");
    for member in over.members {
        let own = app.status(member.run_id.as_str()).await;
        assert_eq!(own.status, member.status, "{}", member.code);
        assert!(own.ended);
    }
    app.verify().await;
}

#[tokio::test]
async fn a_member_that_its_group_interrupted_before_it_began_stays_interrupted_by_its_own_id() {
    let app = TestApp::new().await;
    app.apply(&format!("{ONE}---{NIGHT}---{LATE}")).await;
    let mut trigger = app.trigger_of("NIGHT", Kind::BatchGroup);
    trigger.held = vec!["FIRST".to_owned()];
    let run = app.service.trigger(&app.caller, trigger).await.unwrap().run_id.to_string();
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    let status = app.ended(&run).await;
    let member = status.members[1].run_id.to_string();
    let again = app.service.interrupt(&app.caller, app.run_request(&member)).await;
    assert!(matches!(again, Err(Refusal::AlreadyInterrupted(_))), "{again:?}");
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    let after = app.ended(&run).await;
    assert_eq!(shown(&after), NIGHT_DONE);
    app.verify().await;
}

#[tokio::test]
async fn a_run_that_never_began_has_no_beginning_and_a_restart_takes_its_end_away() {
    let app = TestApp::new().await;
    app.apply(ONE).await;
    let mut trigger = app.trigger_of("ONE", Kind::Batch);
    trigger.held = vec!["ONLY".to_owned()];
    let run = app.service.trigger(&app.caller, trigger).await.unwrap().run_id.to_string();
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    app.ended(&run).await;
    let detail = app.service.run(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!((detail.started_at, detail.ended_at.is_some()), (None, true));
    app.scripted.script("ONLY", &[Act::Hang]);
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    let detail = app.service.run(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!((detail.started_at.is_some(), detail.ended_at), (true, None));
    let begun = detail.started_at;
    app.service.interrupt(&app.caller, app.run_request(&run)).await.unwrap();
    app.ended(&run).await;
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    let detail = app.service.run(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!((detail.started_at, detail.ended_at), (begun, None), "it began once");
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_tasks_that_follow_each_other_for_ever() {
    let app = TestApp::new().await;
    app.apply(LONG).await;
    app.scripted.script("T00", &[Act::Succeed]);
    let run = app.trigger("LONG").await;
    app.conductor.stop().await;
    let refused = app.service.trigger(&app.caller, app.trigger_of("LONG", Kind::Batch)).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
    assert!(app.scripted.started().len() < 10, "the chain was not waited for");
    let app = app.start_again().await;
    app.wait_until(&run, |status| status.ended).await;
    app.verify().await;
}

fn done(status: &RunStatus) -> usize {
    status.tasks.iter().filter(|task| task.status == Status::Successful).count()
}
