//! `PUT /admin/v1/AppStatusChanger/{id}` and `PUT /admin/v1/UserStatusChanger/{id}`.

use super::change::{Id, asked, done, id_of, user};
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::Says as _;
use crate::admin::resources::answered;
use crate::admin::schema::{APP_STATUS, USER_STATUS};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use dayend_identity::admin::{AppDraft, UserDraft};
use serde_json::{Map, json};

/// Switches an app on or off.
pub(in crate::admin) async fn change_app_status(call: Call, id: Id, request: Request) -> Response {
    answered(call.wanted, switch_app(&call, id, request).await)
}

/// Switches a user on or off.
pub(in crate::admin) async fn change_user_status(call: Call, id: Id, request: Request) -> Response {
    answered(call.wanted, switch_user(&call, id, request).await)
}

async fn switch_app(call: &Call, id: Id, request: Request) -> Result<Response, ScimError> {
    let id = id_of(id)?;
    let active = asked(call, &APP_STATUS, request).await?.flag("active").unwrap_or_default();
    let (identity, tenant) = (call.identity(), call.tenant());
    let _one_at_a_time = identity.administering().await;
    let app = identity.app_by_id(tenant, &id).await?;
    let app = app.ok_or_else(|| ScimError::not_found("App", &id))?;
    let draft = AppDraft { active, ..app.draft() };
    let app = identity.change_app(&call.administrator, tenant, &app, draft, call.now).await?;
    let told = Map::from_iter([("active".to_owned(), json!(app.active))]);
    Ok(done(call, &APP_STATUS, StatusCode::OK, &id, told))
}

async fn switch_user(call: &Call, id: Id, request: Request) -> Result<Response, ScimError> {
    let id = id_of(id)?;
    let active = asked(call, &USER_STATUS, request).await?.flag("active").unwrap_or_default();
    let (identity, tenant) = (call.identity(), call.tenant());
    let _one_at_a_time = identity.administering().await;
    let user = user(call, &id).await?;
    let draft = UserDraft { active, ..user.draft() };
    let user = identity.change_user(&call.administrator, tenant, &user, draft, call.now).await?;
    if active {
        identity.unlock_user(&call.administrator.actor, tenant, &user.name, call.now).await?;
    }
    let told = Map::from_iter([("active".to_owned(), json!(user.active))]);
    Ok(done(call, &USER_STATUS, StatusCode::OK, &id, told))
}
