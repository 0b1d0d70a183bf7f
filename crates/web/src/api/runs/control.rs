//! `POST /api/v1/runs/{runId}/{interrupt|restart|rerun}`: control of a whole run.

use crate::api::gate::Permitted;
use crate::api::idempotency::{REPLAYED, key};
use crate::api::input::{json_bytes, parse_or_default};
use crate::api::segments::Segments;
use crate::app::App;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_service::requests::{Accepted, RunRequest};
use dayend_wire::runs::AcceptedRun;
use serde::Deserialize;

/// A body that says nothing: absent, or an empty object.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Stops the run; 202, because processes need a moment to end.
pub(in crate::api) async fn interrupt(
    app: State<App>,
    permitted: Permitted,
    path: Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (app, caller, run) = question(app, permitted, path, request).await?;
    let accepted = app.service.interrupt(&caller, run).await?;
    Ok(answer(StatusCode::ACCEPTED, &app, accepted))
}

/// Continues the run with what is not successful; 202, the run id stays.
pub(in crate::api) async fn restart(
    app: State<App>,
    permitted: Permitted,
    path: Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (app, caller, run) = question(app, permitted, path, request).await?;
    let accepted = app.service.restart(&caller, run).await?;
    Ok(answer(StatusCode::ACCEPTED, &app, accepted))
}

/// Starts a new run like this one; 201 with the new run id.
pub(in crate::api) async fn rerun(
    app: State<App>,
    permitted: Permitted,
    path: Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (app, caller, run) = question(app, permitted, path, request).await?;
    let accepted = app.service.rerun(&caller, run).await?;
    Ok(answer(StatusCode::CREATED, &app, accepted))
}

async fn question(
    State(app): State<App>,
    permitted: Permitted,
    Segments(run_id): Segments<String>,
    request: Request,
) -> Result<(App, dayend_identity::caller::Caller, RunRequest), Problem> {
    let (parts, bytes) =
        json_bytes(&app.room, request, app.settings.body_limit_bytes, true).await?;
    let Nothing {} = parse_or_default(&bytes)?;
    let key = key(&parts, &permitted, &bytes)?;
    Ok((app, permitted.caller, RunRequest { scope: permitted.scope, run_id, code: None, key }))
}

/// The run id, where to watch the run, and whether this was a repetition.
pub(super) fn answer(status: StatusCode, app: &App, accepted: Accepted) -> Response {
    let Accepted { run_id, replayed } = accepted;
    let place = format!("{}/api/v1/runs/{run_id}", app.settings.base_url);
    let mut response =
        (status, Json(AcceptedRun { run_id: run_id.to_string(), replayed })).into_response();
    // A base URL that is no header value would have been refused long before; without the header the answer is still right.
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
