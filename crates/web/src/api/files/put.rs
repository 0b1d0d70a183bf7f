//! `PUT /api/v1/files/{name}`: stores a file, in place of the one of this name.

use super::fault::named;
use super::shown;
use crate::api::gate::Permitted;
use crate::api::segments::Segments;
use crate::app::App;
use crate::files::{OciFault, announced, conditions, described, let_go, tags_of, take};
use crate::problem::Problem;
use axum::Json;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use dayend_service::files::{Incoming, Put};
use dayend_wire::files::ApiFile;

/// Answers when the file is there, whole and durable.
pub(in crate::api) async fn put(
    State(app): State<App>,
    permitted: Permitted,
    Segments(name): Segments<String>,
    request: Request,
) -> Result<(HeaderMap, Json<ApiFile>), Problem> {
    let (parts, body) = request.into_parts();
    let mut incoming =
        match begin(&app, &permitted, &name, (&parts.headers, body.size_hint().exact())).await {
            Ok(incoming) => incoming,
            Err(problem) => {
                let_go(&parts.headers, body).await;
                return Err(problem);
            }
        };
    take(&parts.headers, body, &mut incoming).await.map_err(OciFault::from)?;
    let file = incoming.finish().await?;
    Ok((tags_of(&file), Json(shown::file(file))))
}

async fn begin(
    app: &App,
    permitted: &Permitted,
    name: &str,
    (headers, bytes): (&HeaderMap, Option<u64>),
) -> Result<Incoming, Problem> {
    let announced = announced(headers, bytes)?;
    let wanted = Put {
        announced_bytes: announced.bytes,
        md5: announced.md5,
        sha256: announced.sha256,
        condition: conditions(headers)?,
        described: described(headers)?,
        ..Put::new(permitted.scope.clone(), named(name)?, &permitted.caller.actor())
    };
    Ok(app.service.files().begin(wanted).await?)
}
