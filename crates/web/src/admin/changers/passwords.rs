//! `PUT /admin/v1/UserPasswordChanger/{id}`, `PUT /admin/v1/UserPasswordResetter/{id}`, `PUT /admin/v1/MePasswordChanger`.

use super::change::{Id, asked, done, id_of, user};
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::{Input, Says as _};
use crate::admin::resources::{answered, oneself};
use crate::admin::schema::{MY_PASSWORD, PASSWORD_CHANGE, PASSWORD_RESET};
use crate::server::ClientAddress;
use crate::ui::{AskedBy, send_reset_letter};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use dayend_identity::admin::User;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, json};

/// Gives a user the password in the request.
pub(in crate::admin) async fn change_password(call: Call, id: Id, request: Request) -> Response {
    answered(call.wanted, change(&call, id, request).await)
}

/// Ends the password of a user: a link by mail leads to the next one, or the answer tells a generated one this once.
pub(in crate::admin) async fn reset_password(call: Call, id: Id, request: Request) -> Response {
    answered(call.wanted, reset(&call, id, request).await)
}

/// Gives whoever asks another password; the old one must be in the request.
pub(in crate::admin) async fn change_my_password(call: Call, request: Request) -> Response {
    answered(call.wanted, change_mine(&call, request).await)
}

async fn change(call: &Call, id: Id, request: Request) -> Result<Response, ScimError> {
    let id = id_of(id)?;
    let input = asked(call, &PASSWORD_CHANGE, request).await?;
    let password = Some(secret(&input, "password"));
    let (identity, tenant) = (call.identity(), call.tenant());
    let _one_at_a_time = identity.administering().await;
    let user = user(call, &id).await?;
    identity.replace_password(&call.administrator, tenant, &user, password, call.now).await?;
    Ok(done(call, &PASSWORD_CHANGE, StatusCode::OK, &id, Map::new()))
}

async fn reset(call: &Call, id: Id, request: Request) -> Result<Response, ScimError> {
    let id = id_of(id)?;
    let input = asked(call, &PASSWORD_RESET, request).await?;
    let (user, password) = replace(call, &id).await?;
    let by_mail = !input.flag("bypassNotification").unwrap_or_default();
    let told = if by_mail && mailed(call, &user).await {
        Map::new()
    } else {
        Map::from_iter([("oneTimePassword".to_owned(), json!(password.expose_secret()))])
    };
    Ok(done(call, &PASSWORD_RESET, StatusCode::OK, &id, told))
}

async fn replace(call: &Call, id: &str) -> Result<(User, SecretString), ScimError> {
    let (identity, tenant) = (call.identity(), call.tenant());
    let _one_at_a_time = identity.administering().await;
    let user = user(call, id).await?;
    let by = &call.administrator;
    let password = identity.replace_password(by, tenant, &user, None, call.now).await?;
    Ok((user, password))
}

/// Whether the user has got a link by mail.
async fn mailed(call: &Call, user: &User) -> bool {
    if call.app.mailer.is_none() {
        return false;
    }
    let whose = (call.tenant(), user.name.as_str());
    let made = call.identity().begin_reset_by(&call.administrator, whose, call.now).await;
    let Ok(Some(letter)) = made else { return false };
    send_reset_letter(&call.app, &letter, AskedBy::Administrator).await
}

async fn change_mine(call: &Call, request: Request) -> Result<Response, ScimError> {
    let from = ClientAddress::of(&call.app, request.headers(), request.extensions()).0;
    let input = asked(call, &MY_PASSWORD, request).await?;
    let passwords = (secret(&input, "oldPassword"), secret(&input, "password"), from);
    let (identity, tenant) = (call.identity(), call.tenant());
    let _one_at_a_time = identity.administering().await;
    let user = oneself(call).await?;
    identity.change_own_password(&call.administrator, tenant, &user, passwords, call.now).await?;
    Ok(done(call, &MY_PASSWORD, StatusCode::OK, &user.id, Map::new()))
}

fn secret(input: &Input, name: &str) -> SecretString {
    SecretString::from(input.text(name).unwrap_or_default())
}
