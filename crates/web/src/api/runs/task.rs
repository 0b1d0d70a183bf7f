//! `POST /api/v1/runs/{runId}/tasks/{task}/{hold|release|exclude|include|force-ok}`: the live verbs on one task or member.

use crate::api::gate::Permitted;
use crate::api::idempotency::key;
use crate::api::input::{json_bytes, parse_or_default};
use crate::api::segments::Segments;
use crate::app::App;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Request, State};
use dayend_service::requests::{RunRequest, TaskRequest, TaskVerb};
use dayend_wire::runs::{AcceptedRun, TaskReason};

/// The longest reason, in characters.
const REASON_MAX_CHARS: usize = 1000;

/// Does the verb; it is on disk when this answers.
pub(in crate::api) async fn task(
    verb: TaskVerb,
    State(app): State<App>,
    permitted: Permitted,
    Segments((run_id, task)): Segments<(String, String)>,
    request: Request,
) -> Result<Json<AcceptedRun>, Problem> {
    let (parts, bytes) =
        json_bytes(&app.room, request, app.settings.body_limit_bytes, true).await?;
    let TaskReason { reason } = parse_or_default(&bytes)?;
    if reason.chars().count() > REASON_MAX_CHARS {
        return Err(Problem::invalid(
            "reason",
            format_args!("longer than {REASON_MAX_CHARS} characters"),
        ));
    }
    let key = key(&parts, &permitted, &bytes)?;
    let run = RunRequest { scope: permitted.scope, run_id, code: None, key };
    let status =
        app.service.task(&permitted.caller, TaskRequest { run, task, verb, reason }).await?;
    Ok(Json(AcceptedRun { run_id: status.run_id.to_string(), replayed: false }))
}
