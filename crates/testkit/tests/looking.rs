//! What callers see of runs that have ended, and which words they get.

use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::Outcome;
use dayend_service::requests::{MemberParams, Refusal, RunStatus, TriggerParams};
use dayend_testkit::app::{TestApp, shown};
use dayend_testkit::scripted::Act;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinSet;

const NIGHT: &str = "
apiVersion: dayend/v1
kind: Batch
code: ONE
tasks: [{ code: ONLY, noop: {} }]
---
apiVersion: dayend/v1
kind: BatchGroup
code: NIGHT
members: [{ batch: ONE }]
";
const READERS: usize = 4;

/// Readers who ask without a break, each from before a restart until the run has ended anew.
fn watch(app: &Arc<TestApp>, run: &str, over: &Arc<AtomicBool>) -> JoinSet<Vec<RunStatus>> {
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (app, run, over) = (Arc::clone(app), run.to_owned(), Arc::clone(over));
        readers.spawn(async move {
            let mut seen: Vec<RunStatus> = Vec::new();
            loop {
                let last = over.load(Ordering::SeqCst);
                let now = app.status(&run).await;
                if seen.last() != Some(&now) {
                    seen.push(now);
                }
                if last {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    readers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_restarted_never_flickers_back_for_those_who_read_it_from_the_store() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    app.scripted.script("ONLY", &[Act::Fail]);
    let run = app.trigger("ONE").await;
    app.ended(&run).await;
    // Nothing is remembered: the readers and the restart read the rows at the same time.
    let app = Arc::new(app.start_again().await);
    app.scripted.script("ONLY", &[Act::Hang]);
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = watch(&app, &run, &over);
    app.service.restart(&app.caller, app.run_request(&run)).await.unwrap();
    assert_eq!(app.status(&run).await.status, Status::OnGoing, "what was answered is shown");
    app.scripted.finish(app.scripted.attempt_of("ONLY").await, Outcome::Succeeded, "");
    app.ended(&run).await;
    over.store(true, Ordering::SeqCst);
    while let Some(seen) = readers.join_next().await {
        let seen = seen.unwrap();
        assert!(seen.is_sorted_by_key(|status| status.revision), "{seen:?}");
        let states: Vec<Status> = seen.iter().map(|status| status.status).collect();
        let story = [Status::Failed, Status::OnGoing, Status::Successful];
        assert!(states.is_sorted_by_key(|state| story.iter().position(|one| one == state)));
        assert_eq!(states.last(), Some(&Status::Successful), "{states:?}");
    }
    app.verify().await;
}

#[tokio::test]
async fn an_ended_run_is_read_from_the_store_only_once() {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(NIGHT).await;
    let run = app.trigger_group("NIGHT").await;
    let ended = app.ended(&run).await;
    let before = app.status(&run).await;
    assert_eq!(before, ended);
    flaky.reads_fail(true);
    assert_eq!(app.status(&run).await, before, "what was live is remembered");
    let member = app.status(before.members[0].run_id.as_str()).await;
    assert_eq!(shown(&member), "SUCCESSFUL ONLY=SUCCESSFUL");
    flaky.reads_fail(false);
    app.verify().await;
}

#[tokio::test]
async fn codes_that_are_not_there_are_named_with_what_they_should_have_been() {
    let app = TestApp::new().await;
    app.apply(NIGHT).await;
    let (batch, group) = (app.trigger("ONE").await, app.trigger_group("NIGHT").await);
    for (run, what) in [(&batch, "task"), (&group, "member")] {
        let wanted =
            Some(vec!["ONE".to_owned(), "X".to_owned(), "ONLY".to_owned(), "Y".to_owned()]);
        let refused = app.service.status(&app.caller, app.run_request(run), wanted).await;
        let codes = if what == "task" { "`ONE`, `X`, `Y`" } else { "`X`, `ONLY`, `Y`" };
        let problem = format!("run {run} has no {what} {codes}");
        assert_eq!(refused, Err(Refusal::Invalid { key: "tasks".to_owned(), problem }));
    }
    let trigger = async |members: BTreeMap<String, MemberParams>, excluded: &[&str]| {
        let mut request = app.trigger_of("NIGHT", Kind::BatchGroup);
        request.excluded = excluded.iter().map(|code| (*code).to_owned()).collect();
        request.params = TriggerParams::Group(members);
        app.service.trigger(&app.caller, request).await.unwrap_err().to_string()
    };
    let mut params = MemberParams::default();
    assert_eq!(
        trigger(BTreeMap::from([("ZZ".to_owned(), params.clone())]), &[]).await,
        "`dynamicParamList`: `NIGHT` has no member `ZZ`"
    );
    params.params.tasks.insert("X".parse().unwrap(), BTreeMap::new());
    assert_eq!(
        trigger(BTreeMap::from([("ONE".to_owned(), params)]), &[]).await,
        "`taskRuntimeParams`: no task of member `ONE` is called `X`"
    );
    assert_eq!(
        trigger(BTreeMap::new(), &["ONE"]).await,
        "nothing of `NIGHT` is left to run: all its members are excluded"
    );
}
