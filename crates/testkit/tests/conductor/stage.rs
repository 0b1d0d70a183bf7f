//! A server whose store fails as the test says, with runs in the state that the tests begin with.

use crate::definitions::CHAIN;
use dayend_engine::codes::AttemptId;
use dayend_engine::definition::Kind;
use dayend_service::requests::{IdempotencyKey, TriggerRequest};
use dayend_store::port::{NodeRow, RunRow};
use dayend_testkit::app::TestApp;
use dayend_testkit::flaky::Flaky;
use dayend_testkit::scripted::Act;
use std::sync::Arc;

pub(crate) async fn chain_app() -> (TestApp, Arc<Flaky>) {
    let (app, flaky) = TestApp::flaky().await;
    app.apply(CHAIN).await;
    (app, flaky)
}

/// A run of CHAIN whose task B runs until the test ends it.
pub(crate) async fn hanging_at_b(app: &TestApp) -> (String, AttemptId) {
    app.scripted.script("B", &[Act::Hang]);
    let run = app.trigger("CHAIN").await;
    let b = app.scripted.attempt_in(&run, "B").await;
    app.settled().await;
    (run, b)
}

pub(crate) fn keyed(app: &TestApp, key: &str) -> TriggerRequest {
    let mut trigger = app.trigger_of("CHAIN", Kind::Batch);
    trigger.key = Some(IdempotencyKey { key: key.to_owned(), body_hash: [1; 32] });
    trigger
}

pub(crate) async fn runs(app: &TestApp) -> Vec<RunRow> {
    app.store.recent_runs(&app.scope, None, 100).await.unwrap()
}

pub(crate) async fn node(app: &TestApp, id: AttemptId) -> NodeRow {
    let nodes = app.store.nodes(id.run).await.unwrap();
    nodes.into_iter().find(|row| row.node == id.node).unwrap()
}
