//! `GET /api/v1/files?prefix=&after=&limit=`: files of the scope, by name.

use super::shown;
use crate::api::gate::Permitted;
use crate::api::parameters::Parameters;
use crate::app::App;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use dayend_files::Prefix;
use dayend_service::files::FileError;
use dayend_wire::files::ApiFiles;

/// Files in one answer.
pub(super) const PAGE_MAX: u32 = 1000;

/// Answers with a page.
pub(in crate::api) async fn list(
    State(app): State<App>,
    permitted: Permitted,
    uri: Uri,
) -> Result<Json<ApiFiles>, Problem> {
    let parameters = Parameters::read(&uri, &["prefix", "after", "limit"])?;
    let prefix =
        Prefix::new(parameters.one("prefix")?.unwrap_or_default()).map_err(FileError::from)?;
    let after = parameters.one("after")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE_MAX);
    let files = app.service.files().list(&permitted.scope, &prefix, after, limit).await?;
    let is_full = files.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let files: Vec<_> = files.into_iter().map(shown::file).collect();
    let next = files.last().map(|last| last.name.clone()).filter(|_| is_full);
    Ok(Json(ApiFiles { files, next }))
}
