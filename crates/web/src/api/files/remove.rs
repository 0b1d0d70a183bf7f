//! `DELETE /api/v1/files/{name}`: removes a file.

use super::fault::named;
use crate::api::gate::Permitted;
use crate::api::segments::Segments;
use crate::app::App;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;

/// Answers when it is gone.
pub(in crate::api) async fn remove(
    State(app): State<App>,
    permitted: Permitted,
    Segments(name): Segments<String>,
) -> Result<StatusCode, Problem> {
    app.service.files().remove(&permitted.scope, &named(&name)?, &permitted.caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
