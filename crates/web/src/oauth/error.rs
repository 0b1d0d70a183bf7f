//! The error answers of RFC 6749 section 5.2.

use super::token::no_store;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::token::TokenError;
use dayend_wire::oauth::TokenErrorBody;

/// When to come again if the token could not be stored.
const UNAVAILABLE_RETRY_S: u64 = 5;

/// No token, and whether the client had used the `Authorization` header.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: TokenError,
    pub(super) tried_basic: bool,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error, retry_after_s) = facts(&self.error);
        let body = TokenErrorBody {
            error: error.to_owned(),
            error_description: Some(description(&self.error.to_string())),
            ecid: None,
        };
        let mut response = no_store((status, Json(&body)).into_response());
        response.extensions_mut().insert(body);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED && self.tried_basic {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Basic realm="dayend""#),
            );
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Status, `error` and seconds to wait. The registry has no code of its own for "later" but this one.
fn facts(error: &TokenError) -> (StatusCode, &'static str, Option<u64>) {
    match error {
        TokenError::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid_request", None),
        TokenError::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client", None),
        TokenError::InvalidGrant(_) => (StatusCode::BAD_REQUEST, "invalid_grant", None),
        TokenError::UnauthorizedClient(_) => (StatusCode::BAD_REQUEST, "unauthorized_client", None),
        TokenError::UnsupportedGrantType => {
            (StatusCode::BAD_REQUEST, "unsupported_grant_type", None)
        }
        TokenError::InvalidScope(_) => (StatusCode::BAD_REQUEST, "invalid_scope", None),
        TokenError::InvalidTarget(_) => (StatusCode::BAD_REQUEST, "invalid_target", None),
        TokenError::AuthorizationPending => {
            (StatusCode::BAD_REQUEST, "authorization_pending", None)
        }
        TokenError::SlowDown => (StatusCode::BAD_REQUEST, "slow_down", None),
        TokenError::ExpiredToken => (StatusCode::BAD_REQUEST, "expired_token", None),
        TokenError::AccessDenied => (StatusCode::BAD_REQUEST, "access_denied", None),
        TokenError::TooMany { retry_after_s } => {
            (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", Some(*retry_after_s))
        }
        TokenError::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", Some(UNAVAILABLE_RETRY_S))
        }
    }
}

/// Only the characters that `error_description` may have: visible ASCII without `"` and `\`.
fn description(text: &str) -> String {
    let allowed = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    text.chars().map(|letter| if allowed(letter) { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn shown(error: TokenError, tried_basic: bool) -> String {
        let response = Refused { error, tried_basic }.into_response();
        let status = response.status().as_u16();
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value: &HeaderValue| value.to_str().unwrap().to_owned())
        };
        let challenge =
            header(header::WWW_AUTHENTICATE).map(|value| format!(" [{value}]")).unwrap_or_default();
        let retry = header(header::RETRY_AFTER)
            .map(|value| format!(" [retry {value}]"))
            .unwrap_or_default();
        assert_eq!(header(header::CACHE_CONTROL).as_deref(), Some("no-store"));
        assert_eq!(header(header::PRAGMA).as_deref(), Some("no-cache"));
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        format!("{status}{challenge}{retry} {}", String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn errors_are_those_of_the_rfc() {
        let text = |text: &str| text.to_owned();
        let answers = [
            shown(TokenError::InvalidRequest(text("`scope` is \"ä\"\r\n")), true).await,
            shown(TokenError::InvalidClient, true).await,
            shown(TokenError::InvalidClient, false).await,
            shown(TokenError::InvalidGrant("the user name or password is wrong"), true).await,
            shown(TokenError::UnauthorizedClient(text("no password grant")), true).await,
            shown(TokenError::UnsupportedGrantType, false).await,
            shown(TokenError::InvalidScope(text("x")), false).await,
            shown(TokenError::TooMany { retry_after_s: 7 }, false).await,
            shown(TokenError::Unavailable, true).await,
        ];
        insta::assert_snapshot!(answers.join("\n"), @r#"
        400 {"error":"invalid_request","error_description":"`scope` is ?????"}
        401 [Basic realm="dayend"] {"error":"invalid_client","error_description":"the client is unknown, or its secret is wrong"}
        401 {"error":"invalid_client","error_description":"the client is unknown, or its secret is wrong"}
        400 {"error":"invalid_grant","error_description":"the user name or password is wrong"}
        400 {"error":"unauthorized_client","error_description":"no password grant"}
        400 {"error":"unsupported_grant_type","error_description":"the grant type is not supported: see grant_types_supported in the discovery document"}
        400 {"error":"invalid_scope","error_description":"x"}
        429 [retry 7] {"error":"temporarily_unavailable","error_description":"too many attempts, try again in 7 s"}
        503 [retry 5] {"error":"temporarily_unavailable","error_description":"the token could not be stored"}
        "#);
    }
}
