//! What OCI's object storage answers when it refuses: a status, and `{code, message}`.

use crate::body::BodyError;
use crate::sparing::Sparing;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_files::{BadAddress, BadName};
use dayend_service::files::FileError;
use serde::Serialize;
use std::time::Instant;

/// While files cannot be stored, every upload fails.
static UNAVAILABLE: Sparing = Sparing::new();
/// When to come again.
const UNAVAILABLE_RETRY_S: u64 = 5;
const BUSY_RETRY_S: u64 = 1;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OciFault {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct FaultBody<'a> {
    code: &'a str,
    message: &'a str,
}

impl OciFault {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new() }
    }

    /// 400: something in the request cannot be.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidParameter", message)
    }

    /// 405
    pub(super) fn method(allowed: &'static str) -> Self {
        let message = format!("The method is not among those that this address takes: {allowed}.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
            .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for OciFault {
    fn into_response(self) -> Response {
        let body = FaultBody { code: self.code, message: &self.message };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<FileError> for OciFault {
    fn from(error: FileError) -> Self {
        use StatusCode as Http;
        let (status, code) = match &error {
            FileError::Name(_) => (Http::BAD_REQUEST, "InvalidObjectName"),
            FileError::Invalid(_) => (Http::BAD_REQUEST, "InvalidParameter"),
            FileError::NotFound { what: "upload", .. } => (Http::NOT_FOUND, "NoSuchUpload"),
            FileError::NotFound { .. } => (Http::NOT_FOUND, "ObjectNotFound"),
            FileError::Denied(_) => (Http::FORBIDDEN, "NotAuthorizedOrNotFound"),
            FileError::TooLarge { .. } => (Http::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
            FileError::Size { .. } => (Http::BAD_REQUEST, "IncompleteBody"),
            FileError::Checksum(what) if what.starts_with("MD5") => {
                (Http::BAD_REQUEST, "UnmatchedContentMD5")
            }
            FileError::Checksum(_) => (Http::BAD_REQUEST, "UnmatchedContentSHA256"),
            FileError::Condition(_) => (Http::PRECONDITION_FAILED, "NoEtagMatch"),
            FileError::Conflict(_) => (Http::CONFLICT, "ConcurrentObjectUpdate"),
            FileError::Quota(_) => (Http::BAD_REQUEST, "QuotaExceeded"),
            FileError::Full => (Http::INSUFFICIENT_STORAGE, "InsufficientStorage"),
            FileError::Damaged(_) => (Http::INTERNAL_SERVER_ERROR, "InternalServerError"),
            FileError::Busy => return busy(),
            FileError::Unavailable(reason) => return unavailable(reason),
        };
        Self::new(status, code, sentence(&error.to_string()))
    }
}

fn busy() -> OciFault {
    OciFault::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        "Too many files are on their way: try again.",
    )
    .with(header::RETRY_AFTER, HeaderValue::from(BUSY_RETRY_S))
}

/// The reason is for the log only: it may name files, hosts and statements.
fn unavailable(reason: &str) -> OciFault {
    if let Some(left_out) = UNAVAILABLE.line(Instant::now()) {
        tracing::warn!(reason, left_out, "a request for a file was answered 503");
    }
    OciFault::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        "Files cannot be stored or read now: try again.",
    )
    .with(header::RETRY_AFTER, HeaderValue::from(UNAVAILABLE_RETRY_S))
}

impl From<BadName> for OciFault {
    fn from(error: BadName) -> Self {
        FileError::from(error).into()
    }
}

impl From<BadAddress> for OciFault {
    fn from(error: BadAddress) -> Self {
        let message = sentence(&error.to_string());
        match error {
            BadAddress::Path => {
                Self::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound", message)
            }
            BadAddress::Secret => {
                Self::new(StatusCode::FORBIDDEN, "NotAuthorizedOrNotFound", message)
            }
            BadAddress::Encoding => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidObjectName", message)
            }
            BadAddress::Part => Self::new(StatusCode::BAD_REQUEST, "InvalidParameter", message),
        }
    }
}

impl From<BodyError> for OciFault {
    fn from(error: BodyError) -> Self {
        let (status, code) = match error {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
            BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "RequestTimeout"),
            BodyError::NoRoom => return busy(),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "IncompleteBody"),
            BodyError::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "InvalidParameter"),
        };
        Self::new(status, code, sentence(&error.to_string()))
            .with(header::CONNECTION, HeaderValue::from_static("close"))
    }
}

/// Our errors begin small and have no full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_service::files::Denied;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn every_refusal_has_the_code_of_oci_and_a_sentence() {
        let text = || "x".to_owned();
        #[rustfmt::skip]
        let cases = [
            (FileError::Name(BadName::Path),                                 400, "InvalidObjectName"),
            (FileError::Invalid(text()),                                     400, "InvalidParameter"),
            (FileError::NotFound { what: "file", id: text() },               404, "ObjectNotFound"),
            (FileError::NotFound { what: "upload", id: text() },             404, "NoSuchUpload"),
            (FileError::Denied(Denied::Expired),                             403, "NotAuthorizedOrNotFound"),
            (FileError::TooLarge { limit_bytes: 5 },                         413, "RequestEntityTooLarge"),
            (FileError::Size { want_bytes: 5, got_bytes: 4 },                400, "IncompleteBody"),
            (FileError::Checksum("MD5 sum"),                                 400, "UnmatchedContentMD5"),
            (FileError::Checksum("SHA-256 sum"),                             400, "UnmatchedContentSHA256"),
            (FileError::Condition("x"),                                      412, "NoEtagMatch"),
            (FileError::Conflict(text()),                                    409, "ConcurrentObjectUpdate"),
            (FileError::Quota("5 bytes".to_owned()),                         400, "QuotaExceeded"),
            (FileError::Full,                                                507, "InsufficientStorage"),
            (FileError::Damaged(text()),                                     500, "InternalServerError"),
            (FileError::Busy,                                                503, "ServiceUnavailable"),
            (FileError::Unavailable("/var/lib/secret".to_owned()),           503, "ServiceUnavailable"),
        ];
        for (error, status, code) in cases {
            let shown = format!("{error:?}");
            let response = OciFault::from(error).into_response();
            assert_eq!(response.status().as_u16(), status, "{shown}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["code"], code, "{shown}");
            let message = body["message"].as_str().unwrap();
            assert!(message.ends_with('.') && !message.contains("/var"), "{message}");
        }
    }
}
