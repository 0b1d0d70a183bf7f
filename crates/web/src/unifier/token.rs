//! `GET /ws/rest/service/v1/oauth/token` and `GET /ws/rest/service/v2/auth/token`.

use super::answer::{flat, nested, refused};
use super::request::read;
use crate::app::App;
use crate::problem::Problem;
use crate::server::ClientAddress;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::PasswordCall;
use dayend_identity::token::{TokenAnswer, TokenError};
use dayend_wire::problem::ProblemCode;

/// Answers flat, as the guide shows it.
pub(super) async fn first_version(
    State(app): State<App>,
    from: ClientAddress,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    issue(&app, from, query, &headers).await.map_or_else(|error| refused(&error), flat)
}

/// Answers with `data`, `message` and `status`.
pub(super) async fn second_version(
    State(app): State<App>,
    from: ClientAddress,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    issue(&app, from, query, &headers).await.map_or_else(|error| refused(&error), nested)
}

/// 405.
pub(super) async fn not_a_get() -> Response {
    let problem = Problem::new(ProblemCode::MethodNotAllowed, "HEAD issues no token: use GET");
    ([(header::ALLOW, HeaderValue::from_static("GET"))], problem).into_response()
}

async fn issue(
    app: &App,
    from: ClientAddress,
    query: Option<String>,
    headers: &HeaderMap,
) -> Result<TokenAnswer, TokenError> {
    let call = read(headers, query.as_deref())?;
    let call = PasswordCall {
        client_id: app.settings.unifier_client.clone().unwrap_or_default(),
        user: call.user,
        password: call.password,
        expires_in_s: call.expires_in_s,
        from: from.0,
    };
    app.service.identity().token_by_password(call, app.service.now()).await
}
