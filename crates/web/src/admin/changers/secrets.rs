//! `POST /admin/v1/AppClientSecretRegenerator`.

use super::change::{asked, done};
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::Says as _;
use crate::admin::resources::{answered, client_secret};
use crate::admin::schema::APP_SECRET;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// Gives an app another secret; the old one is refused from now on.
pub(in crate::admin) async fn regenerate_secret(call: Call, request: Request) -> Response {
    answered(call.wanted, regenerate(&call, request).await)
}

async fn regenerate(call: &Call, request: Request) -> Result<Response, ScimError> {
    let input = asked(call, &APP_SECRET, request).await?;
    let id = input.text("appId").unwrap_or_default();
    let (identity, tenant) = (call.identity(), call.tenant());
    let _one_at_a_time = identity.administering().await;
    let app = identity.app_by_id(tenant, id).await?;
    let app = app.ok_or_else(|| ScimError::not_found("App", id))?;
    let by = &call.administrator;
    let secret = identity.regenerate_secret(by, tenant, &app, call.now).await?;
    let mut told = client_secret(&secret);
    told.insert("appId".to_owned(), json!(app.id));
    Ok(done(call, &APP_SECRET, StatusCode::CREATED, &app.id, told))
}
