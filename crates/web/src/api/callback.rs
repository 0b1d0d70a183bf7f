//! `POST /api/v1/callbacks/{token}`: the result of an asynchronous HTTP task. The one-time token is the right to it.

use crate::app::App;
use crate::body::{self, ARRIVAL_LIMIT};
use crate::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

/// Takes the result. Its type is not looked at: what an endpoint sends is judged like a direct answer of it.
pub(super) async fn callback(
    State(app): State<App>,
    Path(token): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let body =
        body::read(request.into_body(), app.settings.body_limit_bytes, ARRIVAL_LIMIT).await?;
    app.service.callback(&token, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
