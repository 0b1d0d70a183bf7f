//! `POST /api/v1/definitions`: stores definitions, all or none.

use super::upload;
use crate::api::gate::Permitted;
use crate::app::App;
use crate::problem::{Problem, to_wire};
use axum::Json;
use axum::extract::{Request, State};
use dayend_service::requests::{Applied, Change};
use dayend_wire::definitions::{ApiChange, ApplyAnswer};

/// The longest name of a file; it is repeated in every defect.
const FILE_NAME_MAX_BYTES: usize = 1024;

/// Answers with what changed, or would change.
pub(in crate::api) async fn apply(
    State(app): State<App>,
    permitted: Permitted,
    request: Request,
) -> Result<Json<ApplyAnswer>, Problem> {
    let mut upload = upload::take(&app, request).await?;
    let (files, dry_run) = (std::mem::take(&mut upload.files), upload.dry_run);
    if let Some(at) = files.iter().position(|file| file.name.len() > FILE_NAME_MAX_BYTES) {
        return Err(Problem::invalid(
            &format!("files[{at}].name"),
            format_args!("longer than {FILE_NAME_MAX_BYTES} bytes"),
        ));
    }
    let applied = app.service.apply(&permitted.caller, permitted.scope, files, dry_run).await?;
    Ok(Json(answer(applied)))
}

fn answer(applied: Applied) -> ApplyAnswer {
    ApplyAnswer {
        changes: applied.changes.into_iter().map(change).collect(),
        warnings: applied.warnings.into_iter().map(to_wire).collect(),
        dry_run: applied.dry_run,
    }
}

fn change(change: Change) -> ApiChange {
    ApiChange {
        kind: change.kind.as_str().to_owned(),
        code: change.code.to_string(),
        from_version: change.from_version,
        to_version: change.to_version,
        diff: change.diff,
    }
}
