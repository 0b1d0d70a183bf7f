//! `GET /api/v1/files/{name}`: a file, or a range of it.

use super::fault::named;
use crate::api::gate::Permitted;
use crate::api::segments::Segments;
use crate::app::App;
use crate::files::plain;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;

/// Answers with its bytes.
pub(in crate::api) async fn get(
    State(app): State<App>,
    permitted: Permitted,
    Segments(name): Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let found = app.service.files().get(&permitted.scope, &named(&name)?).await?;
    if parts.method == Method::GET {
        let actor = permitted.caller.actor();
        app.service.files().note_download(&permitted.scope, &actor, &found.shown, None).await?;
    }
    Ok(plain(&found, &parts).await?)
}
