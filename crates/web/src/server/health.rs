//! `GET /health` and `GET /ready`: for probes, without a token and without details.

use crate::app::App;
use crate::problem::Problem;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use dayend_wire::problem::ProblemCode;

/// The probes.
pub(super) fn router() -> Router<App> {
    Router::new().route("/health", get(health)).route("/ready", get(ready))
}

/// The process answers.
async fn health() -> &'static str {
    "ok\n"
}

/// Writes can be stored.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.service.ready().await {
        Ok("ready\n")
    } else {
        Err(Problem::new(ProblemCode::Unavailable, "writes cannot be stored now"))
    }
}
