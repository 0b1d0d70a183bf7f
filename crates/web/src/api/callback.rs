//! `POST /api/v1/callbacks/{token}`: the result of an asynchronous HTTP task. The one-time token is the right to it.

use super::segments::Segments;
use crate::app::App;
use crate::body::{self, STRANGERS_ARRIVAL_LIMIT};
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::StatusCode;

/// Takes the result. Its type is not looked at: what an endpoint sends is judged like a direct answer of it.
pub(super) async fn callback(
    State(app): State<App>,
    Segments(token): Segments<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (parts, body) = request.into_parts();
    let limit_bytes = app.settings.body_limit_bytes;
    let (room, within) = (&app.strangers_room, STRANGERS_ARRIVAL_LIMIT);
    let body = body::read(room, &parts.headers, body, limit_bytes, within).await?;
    app.service.callback(&token, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
