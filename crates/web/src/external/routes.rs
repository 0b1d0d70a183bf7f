//! Where the interface answers.

use super::call::Entrance;
use super::{envelope, interrupt, rerun, restart, status, trigger};
use crate::app::App;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use std::future::Future;

/// The five calls, with and without `/SchedulerService`. Base paths are laid before them by nesting.
pub fn router() -> Router<App> {
    let cloud = verbs(Entrance::SchedulerService);
    let plain = verbs(Entrance::Plain);
    Router::new()
        .nest("/SchedulerService/rest-api/v1/external", cloud)
        .nest("/rest-api/v1/external", plain)
}

fn verbs(entrance: Entrance) -> Router<App> {
    Router::new()
        .route("/trigger", verb(entrance, trigger::handle))
        .route("/status", verb(entrance, status::handle))
        .route("/interrupt", verb(entrance, interrupt::handle))
        .route("/restart", verb(entrance, restart::handle))
        .route("/rerun", verb(entrance, rerun::handle))
}

/// A call that takes POST, and says so to everything else.
fn verb<F, R>(entrance: Entrance, handle: F) -> MethodRouter<App>
where
    F: Fn(App, Entrance, HeaderMap, Body) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send,
{
    post(move |State(app): State<App>, headers: HeaderMap, body: Body| {
        handle(app, entrance, headers, body)
    })
    .fallback(envelope::not_post)
}
