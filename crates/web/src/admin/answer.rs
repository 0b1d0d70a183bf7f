//! Answers of the admin API.

use super::error::ScimError;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The type of RFC 7644 section 8.1.
pub(super) const SCIM_JSON: &str = "application/scim+json";

/// Which of the two JSON types a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Scim,
    Json,
}

impl Wanted {
    /// SCIM's own type, unless only the general one is named in `Accept`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepts = |name: &str| {
            headers.get_all(header::ACCEPT).iter().any(|value| {
                value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains(name))
            })
        };
        let plain = accepts("application/json");
        if plain && !accepts(SCIM_JSON) && !accepts("*/*") { Self::Json } else { Self::Scim }
    }

    /// The value of `Content-Type`.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Scim => "application/scim+json",
            Self::Json => "application/json",
        }
    }
}

/// An answer with a body.
pub(super) fn json(wanted: Wanted, status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(wanted.media_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

/// An answer that is a resource: with its version, and where it is if it was just made.
pub(super) fn resource(wanted: Wanted, status: StatusCode, meta: &Value, body: &Value) -> Response {
    let mut response = json(wanted, status, body);
    let header_of = |name: &str| {
        let text = meta.get(name).and_then(Value::as_str);
        text.and_then(|text| HeaderValue::from_str(text).ok())
    };
    let headers = response.headers_mut();
    if let Some(version) = header_of("version") {
        headers.insert(header::ETAG, version);
    }
    if let Some(location) = header_of("location").filter(|_| status == StatusCode::CREATED) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    status.into_response()
}

/// The version of a resource: a weak entity tag over what it says.
pub(super) fn version(says: &Value, beside: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(says.to_string().as_bytes());
    hash.update([0]);
    hash.update(beside.as_bytes());
    let hash = hash.finalize();
    let digits = hash.iter().take(8).fold(String::new(), |mut digits, byte| {
        for half in [byte >> 4, byte & 15] {
            digits.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        digits
    });
    format!("W/\"{digits}\"")
}

/// Refuses a change of a resource that is not any more at the version that the client has seen.
pub(super) fn must_match(headers: &HeaderMap, version: &str) -> Result<(), ScimError> {
    if !headers.contains_key(header::IF_MATCH) || names(headers, header::IF_MATCH, version) {
        return Ok(());
    }
    Err(ScimError::changed_meanwhile())
}

/// Whether the client has this version already.
pub(super) fn is_known(headers: &HeaderMap, version: &str) -> bool {
    names(headers, header::IF_NONE_MATCH, version)
}

/// Whether one of the tags in the header is this one; weak tags and strong ones mean the same here.
fn names(headers: &HeaderMap, name: header::HeaderName, version: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers.get_all(name).iter().any(|value| {
        value.to_str().is_ok_and(|value| {
            value.split(',').any(|tag| tag.trim() == "*" || plain(tag) == plain(version))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_type_of_the_answer_is_one_that_the_client_takes() {
        let wanted = |accept: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, value.parse().unwrap());
            }
            Wanted::of(&headers)
        };
        assert_eq!(wanted(&[]), Wanted::Scim);
        assert_eq!(wanted(&["*/*"]), Wanted::Scim);
        assert_eq!(wanted(&["application/json"]), Wanted::Json);
        assert_eq!(wanted(&["application/json, application/scim+json"]), Wanted::Scim);
        assert_eq!(wanted(&["Application/SCIM+json"]), Wanted::Scim);
        assert_eq!(wanted(&["application/json, */*"]), Wanted::Scim);
    }

    #[test]
    fn a_version_changes_with_what_is_said_and_matches_only_itself() {
        let one = version(&json!({ "a": 1 }), "");
        assert_eq!(one, version(&json!({ "a": 1 }), ""));
        assert_ne!(one, version(&json!({ "a": 2 }), ""));
        assert_ne!(one, version(&json!({ "a": 1 }), "2"));
        let headers = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, value.parse().unwrap());
            headers
        };
        let strong = one.trim_start_matches("W/");
        for good in [one.clone(), "*".to_owned(), format!("\"x\", {one}"), strong.to_owned()] {
            assert_eq!(must_match(&headers(&good), &one), Ok(()), "{good}");
        }
        for bad in ["\"x\"", "", "W/\"\""] {
            assert_eq!(
                must_match(&headers(bad), &one),
                Err(ScimError::changed_meanwhile()),
                "{bad}"
            );
        }
        assert_eq!(must_match(&HeaderMap::new(), &one), Ok(()));
    }
}
