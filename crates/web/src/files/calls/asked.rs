//! Who asks for a URL, and for which scope.

use super::answer::CallFault;
use crate::api::{Permitted, permitted};
use crate::app::App;
use crate::body::{self, ARRIVAL_LIMIT, JSON};
use crate::json::{Json, Object, Repair, read};
use axum::body::Body;
use axum::http::HeaderMap;
use dayend_files::FileName;
use dayend_identity::caller::Function;

/// Lets a call in: the token (401), the scope of the headers or the token's own (`-5`), the right (403); and the first
/// segment of the path, which is the tenant and perhaps an application id.
pub(super) async fn enter(
    app: &App,
    tenant: &str,
    headers: &HeaderMap,
    function: Function,
) -> Result<Permitted, CallFault> {
    let permitted = permitted(app, headers, &[function]).await?;
    if tenant.starts_with(&permitted.scope.tenant) {
        Ok(permitted)
    } else {
        Err(CallFault::foreign_tenant())
    }
}

/// The body of a call: a JSON object.
pub(super) async fn object(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Object, CallFault> {
    body::require(headers, JSON)?;
    let bytes =
        body::read(&app.room, headers, body, app.settings.body_limit_bytes, ARRIVAL_LIMIT).await?;
    match read(&bytes, Repair::TrailingComma) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(other) => {
            Err(CallFault::arguments(format!("The body is {} instead of an object.", other.kind())))
        }
        Err(error) => Err(CallFault::arguments(format!("The body: {error}."))),
    }
}

/// A text of an object, if it is there.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> Result<Option<&'a str>, CallFault> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(other) => {
            Err(CallFault::arguments(format!("`{key}` is {} instead of a string.", other.kind())))
        }
    }
}

/// A size in bytes: a number, or a text that is one.
pub(super) fn size(object: &Object, key: &str) -> Result<Option<u64>, CallFault> {
    let digits = match object.get(key) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Number(digits)) => digits.as_ref(),
        Some(Json::Text(digits)) => digits.trim(),
        Some(other) => {
            return Err(CallFault::arguments(format!(
                "`{key}` is {} instead of a number.",
                other.kind()
            )));
        }
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let size = digits.parse().ok().filter(|_| is_number);
    size.map(Some)
        .ok_or_else(|| CallFault::arguments(format!("`{key}` is not a whole number of bytes.")))
}

/// A file name, perhaps below a folder.
pub(super) fn name(prefix: Option<&str>, file: Option<&str>) -> Result<FileName, CallFault> {
    let file = file.ok_or_else(|| CallFault::arguments("`fileName` is missing."))?;
    FileName::below(prefix.unwrap_or_default(), file)
        .map_err(|error| CallFault::arguments(format!("`fileName`: {error}.")))
}
