//! What is answered: flat in the first version, nested in the second; errors alike in both.

use crate::oauth::no_store;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::token::{TokenAnswer, TokenError};
use serde_json::json;

/// When to come again if the token could not be stored.
const UNAVAILABLE_RETRY_S: u64 = 5;
/// What the second version calls the prefix of further calls.
const ENDPOINT: &str = "rest";

/// `{access_token, token_type, expires_in, status}`.
pub(super) fn flat(answer: TokenAnswer) -> Response {
    let TokenAnswer { access_token, token_type, expires_in, .. } = answer;
    no_store(
        Json(json!({
            "access_token": access_token,
            "token_type": token_type,
            "expires_in": expires_in,
            "status": 200,
        }))
        .into_response(),
    )
}

/// `{data, message, status}`.
pub(super) fn nested(answer: TokenAnswer) -> Response {
    let TokenAnswer { access_token, token_type, expires_in, .. } = answer;
    no_store(
        Json(json!({
            "data": {
                "endpoint": ENDPOINT,
                "access_token": access_token,
                "token_type": token_type,
                "expires_in": expires_in,
            },
            "message": ["success"],
            "status": 200,
        }))
        .into_response(),
    )
}

/// `{data: [], message: […], status}`.
pub(super) fn refused(error: &TokenError) -> Response {
    let (status, message, retry_after_s) = facts(error);
    let body = json!({ "data": [], "message": [message], "status": status.as_u16() });
    let mut response = no_store((status, Json(body)).into_response());
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(r#"Basic realm="dayend", charset="UTF-8""#);
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn facts(error: &TokenError) -> (StatusCode, String, Option<u64>) {
    let wrong = "the user name or the password is wrong";
    match error {
        // The credentials here are the person's: what cannot be read is as wrong as any.
        TokenError::InvalidClient | TokenError::InvalidGrant(_) => {
            (StatusCode::UNAUTHORIZED, wrong.to_owned(), None)
        }
        TokenError::TooMany { retry_after_s } => {
            (StatusCode::TOO_MANY_REQUESTS, error.to_string(), Some(*retry_after_s))
        }
        TokenError::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, error.to_string(), Some(UNAVAILABLE_RETRY_S))
        }
        TokenError::UnauthorizedClient(_) | TokenError::AccessDenied => {
            (StatusCode::FORBIDDEN, error.to_string(), None)
        }
        TokenError::InvalidRequest(_)
        | TokenError::UnsupportedGrantType
        | TokenError::InvalidScope(_)
        | TokenError::InvalidTarget(_)
        | TokenError::AuthorizationPending
        | TokenError::SlowDown
        | TokenError::ExpiredToken => (StatusCode::BAD_REQUEST, error.to_string(), None),
    }
}
