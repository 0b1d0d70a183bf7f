//! `/admin/v1/Me`: the own account.

use super::handlers::{answered, version_of};
use super::user_input::draft;
use super::user_shape::{put_groups, shape};
use crate::admin::answer::{self, is_known, must_match};
use crate::admin::body;
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::{self, Purpose};
use crate::admin::listing::selection_of;
use crate::admin::patch as patching;
use crate::admin::schema::ME;
use crate::admin::select::Selection;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use dayend_identity::admin::{Holder, User};
use serde_json::Value;

/// What people may not change of themselves.
const OTHERS_DECIDE: [&str; 6] =
    ["userName", "active", "emails", "externalId", "userType", "password"];

/// `GET /admin/v1/Me`.
pub(in crate::admin) async fn show_me(call: Call, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    answered(call.wanted, shown(&call, &parts).await)
}

/// `PATCH /admin/v1/Me`.
pub(in crate::admin) async fn patch_me(call: Call, request: Request) -> Response {
    answered(call.wanted, patched(&call, request).await)
}

async fn shown(call: &Call, parts: &Parts) -> Result<Response, ScimError> {
    let selection = selection_of(&ME, parts.uri.query().unwrap_or_default(), &[])?;
    let user = oneself(call).await?;
    let told = told(call, &user, &selection).await?;
    if is_known(&parts.headers, version_of(&told)) {
        return Ok(answer::empty(StatusCode::NOT_MODIFIED));
    }
    Ok(selected(call, &selection, &told))
}

async fn patched(call: &Call, request: Request) -> Result<Response, ScimError> {
    let (parts, sent) = body::read(call, request).await?;
    let selection = selection_of(&ME, parts.uri.query().unwrap_or_default(), &[])?;
    let _one_at_a_time = call.identity().administering().await;
    let user = oneself(call).await?;
    let current = shape(call, &ME, &user);
    must_match(&parts.headers, version_of(&current))?;
    let next = patching::apply(&ME, &current, &patching::read(&ME, &sent)?)?;
    for name in OTHERS_DECIDE {
        if next.get(name) != current.get(name) {
            let detail = format!("`{name}` is changed by administrators only");
            return Err(ScimError::forbidden(detail));
        }
    }
    let input = input::read(&ME, &next, Purpose::Change(&current))?;
    let (identity, by) = (call.identity(), &call.administrator);
    let draft = draft(&input, Some(&user))?;
    let user = identity.change_own_user(by, call.tenant(), &user, draft, call.now).await?;
    let told = told(call, &user, &selection).await?;
    Ok(selected(call, &selection, &told))
}

/// The user behind the token.
pub(in crate::admin) async fn oneself(call: &Call) -> Result<User, ScimError> {
    let id = &call.user()?.id;
    let found = call.identity().user(call.tenant(), id).await?;
    found.ok_or_else(|| ScimError::not_found("User", id))
}

async fn told(call: &Call, user: &User, selection: &Selection) -> Result<Value, ScimError> {
    let mut told = shape(call, &ME, user);
    if selection.wants("groups") {
        let holder = Holder::User(user.id.clone());
        let groups = call.identity().groups_of(call.tenant(), &holder).await?;
        put_groups(call, &mut told, groups.iter());
    }
    Ok(told)
}

fn selected(call: &Call, selection: &Selection, told: &Value) -> Response {
    let meta = told.get("meta").unwrap_or(&Value::Null);
    answer::resource(call.wanted, StatusCode::OK, meta, &selection.of(&ME, told))
}
