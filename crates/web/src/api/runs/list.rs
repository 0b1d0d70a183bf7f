//! `GET /api/v1/runs?code=&limit=`: the newest runs.

use super::view::run;
use crate::api::gate::Permitted;
use crate::api::parameters::Parameters;
use crate::app::App;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use dayend_wire::runs::RunList;

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 1000;

/// Answers with the newest runs of the scope (or of one batch or group), without their tasks.
pub(in crate::api) async fn list(
    State(app): State<App>,
    permitted: Permitted,
    uri: Uri,
) -> Result<Json<RunList>, Problem> {
    let parameters = Parameters::read(&uri, &["code", "limit"])?;
    let code = parameters.one("code")?.map(str::to_owned);
    let limit = parameters.number("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
    let runs = app.service.runs(&permitted.caller, permitted.scope, code, limit).await?;
    Ok(Json(RunList { runs: runs.into_iter().map(run).collect() }))
}
