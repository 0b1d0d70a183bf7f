//! Why a request to the admin API was refused, as SCIM tells it (RFC 7644 section 3.12).

use super::answer::{SCIM_JSON, Wanted};
use crate::authentication::Unauthenticated;
use crate::body::BodyError;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::admin::AdminError;
use dayend_service::requests::Refusal;
use serde_json::{Map, Value, json};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const IDCS_ERROR: &str = "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error";
/// When to come again if storing was impossible, or too many passwords were being hashed.
const UNAVAILABLE_RETRY_S: u64 = 5;
const BUSY_RETRY_S: u64 = 1;
/// What a browser shows without a token. Clients of Oracle's service tell a token that has ended by the type of this answer.
const UNAUTHORIZED_PAGE: &str = "<!doctype html><title>401 Unauthorized</title><p>An access token is required, and it must be valid.</p>\n";

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScimError {
    pub(super) status: StatusCode,
    /// The word of RFC 7644 table 9, where there is one.
    pub(super) scim_type: Option<&'static str>,
    pub(super) detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    wanted: Wanted,
}

impl ScimError {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let (headers, wanted) = (Vec::new(), Wanted::Scim);
        Self { status, scim_type: None, detail: detail.into(), headers, wanted }
    }

    /// 400 with one of the words of RFC 7644.
    pub(super) fn bad(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { scim_type: Some(scim_type), ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// 400: what is sent is not what the type of resource has.
    pub(super) fn syntax(detail: impl Into<String>) -> Self {
        Self::bad("invalidSyntax", detail)
    }

    /// 400: a value cannot be.
    pub(super) fn value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    /// 404. Whether it is of another tenant or nowhere is the same.
    pub(super) fn not_found(what: &str, id: &str) -> Self {
        let id = dayend_engine::codes::shortened(id);
        Self::new(StatusCode::NOT_FOUND, format!("there is no {what} `{id}`"))
    }

    /// 412.
    pub(super) fn changed_meanwhile() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "the resource is not at the version in `If-Match` any more: read it again",
        )
    }

    /// 403.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// In the type that the client takes.
    pub(super) fn typed_for(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    fn unavailable(reason: &str) -> Self {
        tracing::error!(reason, "a request to the admin API could not be answered");
        let detail = "the server cannot do this now, try again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(UNAVAILABLE_RETRY_S)
    }

    fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("schemas".to_owned(), json!([ERROR, IDCS_ERROR]));
        body.insert("detail".to_owned(), json!(self.detail));
        body.insert("status".to_owned(), json!(self.status.as_str()));
        if let Some(scim_type) = self.scim_type {
            body.insert("scimType".to_owned(), json!(scim_type));
        }
        let message_id = format!("error.dayend.{}", self.scim_type.unwrap_or(self.word()));
        body.insert(
            IDCS_ERROR.to_owned(),
            json!({ "messageId": message_id, "additionalData": {} }),
        );
        Value::Object(body)
    }

    /// What stands for the status where RFC 7644 has no word.
    fn word(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "unauthenticated",
            403 => "forbidden",
            404 => "notFound",
            405 => "methodNotAllowed",
            409 => "conflict",
            412 => "preconditionFailed",
            413 => "tooLarge",
            415 => "unsupportedMediaType",
            429 => "tooMany",
            503 => "unavailable",
            _ => "refused",
        }
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut response = if self.status == StatusCode::UNAUTHORIZED {
            let mut page = Response::new(Body::from(UNAUTHORIZED_PAGE));
            let html = HeaderValue::from_static("text/html;charset=utf-8");
            page.headers_mut().insert(header::CONTENT_TYPE, html);
            page
        } else {
            let mut response = Response::new(Body::from(self.body().to_string()));
            let json = HeaderValue::from_static(self.wanted.media_type());
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        };
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<AdminError> for ScimError {
    fn from(error: AdminError) -> Self {
        let detail = error.to_string();
        match error {
            AdminError::Exists(_) => {
                Self { scim_type: Some("uniqueness"), ..Self::new(StatusCode::CONFLICT, detail) }
            }
            AdminError::LastAdministrator(_) | AdminError::Raced(_) => {
                Self::new(StatusCode::CONFLICT, detail)
            }
            AdminError::Unknown(_) => Self::new(StatusCode::NOT_FOUND, detail),
            AdminError::Invalid(_) | AdminError::WeakPassword(_) => Self::value(detail),
            AdminError::Forbidden(_) => Self::forbidden(detail),
            AdminError::Busy => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(BUSY_RETRY_S)
            }
            AdminError::Unavailable(reason) => Self::unavailable(&reason),
        }
    }
}

impl From<Unauthenticated> for ScimError {
    fn from(refused: Unauthenticated) -> Self {
        if let Unauthenticated::Unavailable(reason) = &refused {
            return Self::unavailable(reason);
        }
        let mut error = Self::new(refused.status(), refused.to_string());
        let challenge = refused.challenge();
        error.headers.extend(challenge.map(|value| (header::WWW_AUTHENTICATE, value)));
        error
    }
}

impl From<BodyError> for ScimError {
    fn from(error: BodyError) -> Self {
        let status = match error {
            BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            BodyError::Broken => StatusCode::BAD_REQUEST,
            BodyError::MediaType { .. } => {
                let detail = format!(
                    "the body must be {SCIM_JSON} or application/json in UTF-8, without `Content-Encoding`"
                );
                return Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
            }
            BodyError::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut refused = Self::new(status, error.to_string());
        if error.ends_connection() {
            refused.headers.push((header::CONNECTION, HeaderValue::from_static("close")));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            refused = refused.retry_after(BUSY_RETRY_S);
        }
        refused
    }
}

impl From<Refusal> for ScimError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany { retry_after_s } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too many changes at once")
                    .retry_after(retry_after_s)
            }
            Refusal::ForeignScope
            | Refusal::NotAllowed { .. }
            | Refusal::Invalid { .. }
            | Refusal::NotFound { .. }
            | Refusal::NothingToRun(_)
            | Refusal::AlreadyInterrupted(_)
            | Refusal::WrongState(_)
            | Refusal::KeyReused(_)
            | Refusal::Overloaded
            | Refusal::Unavailable(_)
            | Refusal::BadDefinitions(_) => Self::unavailable(&refusal.to_string()),
        }
    }
}
