//! `POST /oauth2/v1/token`: issues a token.

use super::cors;
use super::error::Refused;
use super::request::read;
use crate::app::App;
use crate::body::{self, BodyError};
use crate::problem::Problem;
use crate::server::ClientAddress;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Token requests are refused beyond this size.
pub(super) const FORM_LIMIT_BYTES: usize = 64 * 1024;

/// Answers with a token, or with the error of RFC 6749.
pub(super) async fn token(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (room, within) = (&app.strangers_room, body::STRANGERS_ARRIVAL_LIMIT);
    let body = match body::read(room, &parts.headers, body, FORM_LIMIT_BYTES, within).await {
        Ok(body) => body,
        Err(error) => return too_much(error),
    };
    let mut question = match read(&parts.headers, parts.uri.query(), &body) {
        Ok(question) => question,
        Err(refused) => return refused.into_response(),
    };
    question.from = ClientAddress::of(&app, &parts.headers, &parts.extensions).0;
    let tried_basic = question.client.as_ref().is_some_and(|client| client.basic);
    let client_id = question.client.as_ref().map(|client| client.client_id.clone());
    let response = match app.service.token(question).await {
        Ok(answer) => no_store(Json(answer).into_response()),
        Err(error) => Refused { error, tried_basic }.into_response(),
    };
    cors::readable(&app, cors::origin(&parts.headers), client_id.as_deref(), response).await
}

/// A body that is too large, or too slow.
pub(super) fn too_much(error: BodyError) -> Response {
    no_store(Problem::from(error).into_response())
}

/// What RFC 6749 section 5.1 asks of every answer that may hold a token.
pub(crate) fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
