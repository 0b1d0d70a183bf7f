//! Who calls: the bearer token of RFC 6750, in the `Authorization` header and nowhere else.

use crate::app::App;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use dayend_identity::caller::Caller;
use dayend_service::use_cases::NotAuthenticated;

/// Why nobody is authenticated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    #[error("an access token is required: send `Authorization: Bearer <token>`")]
    Missing,
    #[error("the request has more than one `Authorization` header")]
    Repeated,
    #[error("the access token is invalid, expired or revoked")]
    Invalid,
    #[error(
        "the access token is for other services: ask for one with the scope urn:opc:idm:__myscopes__"
    )]
    Narrow,
    #[error("the server cannot check tokens now: {0}")]
    Unavailable(String),
}

impl Unauthenticated {
    /// The value of `WWW-Authenticate`: a bare challenge if there was no token (RFC 6750 section 3.1).
    pub fn challenge(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Missing => r#"Bearer realm="dayend""#,
            Self::Repeated => r#"Bearer realm="dayend", error="invalid_request""#,
            Self::Invalid => {
                r#"Bearer realm="dayend", error="invalid_token", error_description="the access token is invalid, expired or revoked""#
            }
            Self::Narrow => {
                r#"Bearer realm="dayend", error="insufficient_scope", scope="urn:opc:idm:__myscopes__""#
            }
            Self::Unavailable(_) => return None,
        };
        Some(HeaderValue::from_static(text))
    }

    /// 401, but 400 for a request that cannot be understood, 403 for a token that is for something else, and 503 if the token could not be looked at.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Invalid => StatusCode::UNAUTHORIZED,
            Self::Repeated => StatusCode::BAD_REQUEST,
            Self::Narrow => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// The caller behind the request's bearer token, which must be for our interfaces: an app that may only know who somebody
/// is may not do what that person may do.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller, Unauthenticated> {
    let caller = identified(app, headers).await?;
    if caller.may_use_interfaces() { Ok(caller) } else { Err(Unauthenticated::Narrow) }
}

/// The caller behind the request's bearer token, whatever the token is for.
pub async fn identified(app: &App, headers: &HeaderMap) -> Result<Caller, Unauthenticated> {
    let token = bearer(headers)?;
    app.service.authenticate(token).await.map_err(|refused| match refused {
        NotAuthenticated::InvalidToken => Unauthenticated::Invalid,
        NotAuthenticated::Unavailable(why) => Unauthenticated::Unavailable(why),
    })
}

/// The token as sent. Another scheme counts as no token: callers that answer challenges send Basic first.
fn bearer(headers: &HeaderMap) -> Result<&str, Unauthenticated> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Unauthenticated::Missing),
        (Some(_), Some(_)) => return Err(Unauthenticated::Repeated),
        (Some(value), None) => value.to_str().map_err(|_| Unauthenticated::Invalid)?,
    };
    let (scheme, token) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Unauthenticated::Missing);
    }
    let token = token.trim_start();
    if is_token(token) { Ok(token) } else { Err(Unauthenticated::Invalid) }
}

/// `b64token` of RFC 6750 section 2.1.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| LETTERS.get(usize::from(byte)) == Some(&true))
}

/// By byte, whether it can stand in a token: a token is long, and every request has one.
const LETTERS: [bool; 256] = {
    let mut letters = [false; 256];
    let mut byte = 0;
    while byte < letters.len() {
        #[expect(clippy::indexing_slicing, reason = "the loop ends at the length")]
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 256")]
        {
            let letter = byte as u8;
            letters[byte] = letter.is_ascii_alphanumeric()
                || matches!(letter, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        }
        byte += 1;
    }
    letters
};

/// A request with a valid access token.
#[derive(Clone, Debug)]
pub struct Authenticated(pub Caller);

impl FromRequestParts<App> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(authenticate(app, &parts.headers).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_bearer_token_in_one_header_counts() {
        use Unauthenticated::{Invalid, Missing, Repeated};
        #[rustfmt::skip]
        let cases: [(&str, &[&str], Result<&str, Unauthenticated>); 14] = [
            ("no header",             &[],                         Err(Missing)),
            ("usual",                 &["Bearer abc.def-_~+/=="],  Ok("abc.def-_~+/==")),
            ("scheme in any case",    &["bEaReR abc"],             Ok("abc")),
            ("more spaces",           &["Bearer   abc "],          Ok("abc")),
            ("Basic is no token",     &["Basic YTpi"],             Err(Missing)),
            ("Bearer is a prefix",    &["Bearerabc"],              Err(Missing)),
            ("empty header",          &[""],                       Err(Missing)),
            ("no token",              &["Bearer"],                 Err(Invalid)),
            ("blank token",           &["Bearer  "],               Err(Invalid)),
            ("two tokens",            &["Bearer a b"],             Err(Invalid)),
            ("list of tokens",        &["Bearer a, Bearer b"],     Err(Invalid)),
            ("only padding",          &["Bearer =="],              Err(Invalid)),
            ("two headers",           &["Bearer a", "Bearer a"],   Err(Repeated)),
            ("Basic and Bearer",      &["Basic YTpi", "Bearer a"], Err(Repeated)),
        ];
        for (name, values, want) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(bearer(&headers), want, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_invalid_token() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").unwrap());
        assert_eq!(bearer(&headers), Err(Unauthenticated::Invalid));
    }

    #[test]
    fn a_challenge_names_an_error_only_if_something_was_sent() {
        let challenge = |refused: Unauthenticated| {
            refused.challenge().map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(challenge(Unauthenticated::Missing).unwrap(), r#"Bearer realm="dayend""#);
        assert!(challenge(Unauthenticated::Invalid).unwrap().contains(r#"error="invalid_token""#));
        assert!(
            challenge(Unauthenticated::Repeated).unwrap().contains(r#"error="invalid_request""#)
        );
        assert_eq!(challenge(Unauthenticated::Unavailable("x".to_owned())), None);
    }
}
