//! `PUT /<tenant>/utils-service/v1/file/scan/<fileId>`: says that an upload is finished, and learns whether it is.

use super::answer::{CallFault, compact};
use super::asked::enter;
use crate::app::App;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use dayend_engine::codes::{Scope, shortened};
use dayend_identity::caller::Function;
use dayend_service::files::{FileError, FileFound};
use serde_json::json;

/// Nothing is left to be done: an upload that is whole is there.
pub(in crate::files) async fn scan(
    State(app): State<App>,
    Path((tenant, number)): Path<(String, String)>,
    request: Request,
) -> Result<Response, CallFault> {
    let permitted = enter(&app, &tenant, request.headers(), Function::FilePut).await?;
    let (number, found) = numbered(&app, &permitted.scope, &number).await?;
    let file = found.ok_or_else(|| CallFault::not_uploaded(number))?.shown;
    Ok(compact(&json!({ "payload": {
        "fileId": number, "fileName": file.name, "fileSize": file.size_bytes, "sha256": file.sha256, "status": "success",
    }})))
}

/// The number, and the file that was uploaded under it.
pub(super) async fn numbered(
    app: &App,
    scope: &Scope,
    text: &str,
) -> Result<(u64, Option<FileFound>), CallFault> {
    let unknown = || FileError::NotFound { what: "file", id: shortened(text) };
    let number = text
        .parse()
        .ok()
        .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(unknown)?;
    let name = app.service.files().numbered(scope, number).await?;
    let found = app.service.files().find(scope, &name).await?;
    Ok((number, found.filter(|found| found.shown.number == number)))
}
