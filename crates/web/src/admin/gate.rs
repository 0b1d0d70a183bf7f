//! Whether a request may pass: token, then right, before anything of it is read.

use super::answer::Wanted;
use super::error::ScimError;
use super::schema::ME;
use crate::app::App;
use crate::authentication::authenticate;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use dayend_engine::time::Timestamp;
use dayend_identity::Identity;
use dayend_identity::admin::{AdminError, Administrator, Power, TokenScopes};
use dayend_identity::caller::{Caller, CallerUser};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever has a token.
    Anybody,
    /// Users, for themselves.
    Oneself,
    /// Administrators with this power.
    Needs(Power),
}

/// What a route's gate knows.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) app: App,
    pub(super) access: Access,
}

/// A request that passed the gate.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) administrator: Administrator,
    pub(super) wanted: Wanted,
    pub(super) now: Timestamp,
}

impl Call {
    pub(super) fn identity(&self) -> &Identity {
        self.app.service.identity()
    }

    pub(super) fn tenant(&self) -> &str {
        &self.caller.tenant
    }

    /// The user behind the token, whom the gate has seen.
    pub(super) fn user(&self) -> Result<&CallerUser, ScimError> {
        self.caller.user.as_ref().ok_or_else(no_user)
    }

    /// Where a resource is.
    pub(super) fn location(&self, endpoint: &str, id: &str) -> String {
        let base_url = &self.app.settings.base_url;
        if endpoint == ME.endpoint {
            return format!("{base_url}/admin/v1/{endpoint}");
        }
        format!("{base_url}/admin/v1/{endpoint}/{id}")
    }
}

/// Lets the request pass with a [`Call`] in it, or answers why not.
pub(super) async fn gate(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let wanted = Wanted::of(request.headers());
    match admitted(&gate, request.method(), request.headers(), wanted).await {
        Ok(call) => {
            request.extensions_mut().insert(call);
            next.run(request).await
        }
        Err(refused) => refused.typed_for(wanted).into_response(),
    }
}

async fn admitted(
    gate: &Gate,
    method: &Method,
    headers: &HeaderMap,
    wanted: Wanted,
) -> Result<Call, ScimError> {
    let app = gate.app.clone();
    let caller = authenticate(&app, headers).await?;
    let (identity, now) = (app.service.identity(), app.service.now());
    let scopes = TokenScopes::new(&caller.scope);
    let administrator = identity.administrator(&caller, scopes.roles().as_deref()).await;
    let administrator = administrator.map_err(AdminError::from)?;
    match gate.access {
        Access::Oneself if caller.user.is_none() => return Err(no_user()),
        Access::Oneself if !scopes.self_service() => {
            return Err(ScimError::forbidden(
                "the token is not made for the own account: ask for the scope urn:opc:idm:t.user.me",
            ));
        }
        Access::Needs(power) if !administrator.rights.allow(power) => {
            return Err(ScimError::forbidden(
                "neither a role nor the function ADMIN allows this: both the user and the app need one",
            ));
        }
        Access::Anybody | Access::Oneself | Access::Needs(_) => {}
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        app.service.count(&caller)?;
    }
    Ok(Call { app, caller, administrator, wanted, now })
}

fn no_user() -> ScimError {
    ScimError::forbidden("there is no user behind the token")
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ScimError> {
        // A route without a gate is a mistake in the table: nobody gets in.
        parts.extensions.remove::<Self>().ok_or_else(|| {
            ScimError::new(StatusCode::INTERNAL_SERVER_ERROR, "the route has no gate")
        })
    }
}

/// 405; the router adds `Allow`.
pub(super) async fn method_not_allowed(method: Method, headers: HeaderMap) -> Response {
    let detail = format!("{method} is not among the methods in `Allow`");
    let error = ScimError::new(StatusCode::METHOD_NOT_ALLOWED, detail);
    error.typed_for(Wanted::of(&headers)).into_response()
}

/// 404.
pub(super) async fn not_found(headers: HeaderMap) -> Response {
    let error = ScimError::new(StatusCode::NOT_FOUND, "there is nothing at this path");
    error.typed_for(Wanted::of(&headers)).into_response()
}
