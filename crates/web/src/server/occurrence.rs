//! One request as it is seen from outside: its number, the last shape of problems, the headers of every answer.

use super::fallback::answer_options;
use crate::external::{self, Manner};
use crate::problem::Problem;
use crate::sparing::Sparing;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use dayend_wire::oauth::TokenErrorBody;
use std::time::Instant;
use uuid::Uuid;

/// Every overload is a flood of failures.
static FAILURES: Sparing = Sparing::new();
/// The number of a request, to look for in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// As OCI calls it, in its own answers only.
const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");
/// A year: once seen over TLS, never spoken to without.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// What is said unless a handler says otherwise: nothing is stored, nothing is run, nothing is framed.
const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// What must be known of a request when its answer is there.
pub(super) struct Occurrence {
    id: Uuid,
    method: Method,
    /// How the answer is wanted, if it is one of the interface.
    manner: Option<Manner>,
}

impl Occurrence {
    pub(super) fn begin(request: &Request) -> Self {
        Self {
            id: Uuid::new_v4(),
            method: request.method().clone(),
            manner: external::is_call(request.uri().path()).then(|| Manner::of(request.headers())),
        }
    }

    /// Gives problems their last shape, and the answer its safety headers and number. `secure`: callers use TLS.
    pub(super) fn end(self, mut response: Response, secure: bool) -> Response {
        if self.method == Method::OPTIONS {
            response = answer_options(response);
        }
        response = self.told(response);
        if self.method == Method::HEAD {
            response = without_body(response);
        }
        let headers = response.headers_mut();
        for (name, value) in DEFAULTS {
            headers.entry(name).or_insert(value);
        }
        if secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        let mut text = Uuid::encode_buffer();
        let id = HeaderValue::from_str(self.id.hyphenated().encode_lower(&mut text));
        let id = id.expect("a UUID is visible ASCII");
        if let Some(same) = headers.get_mut(OPC_REQUEST_ID) {
            same.clone_from(&id);
        }
        headers.insert(REQUEST_ID, id);
        response
    }

    /// The answer with its problem, if it is one, as this caller should be told.
    fn told(&self, mut response: Response) -> Response {
        let problem = response.extensions_mut().remove::<Problem>();
        if let Some(refused) = response.extensions_mut().remove::<TokenErrorBody>() {
            response = numbered_error(response, refused, self.id);
        }
        if response.status().is_server_error() {
            self.log(&response, problem.as_ref());
        }
        match (problem, &self.manner) {
            (Some(_), Some(manner)) if response.status().is_server_error() => {
                external::failed_outside(manner, response.status())
            }
            (Some(problem), _) => numbered(response, problem, self.id),
            (None, _) => response,
        }
    }

    fn log(&self, response: &Response, problem: Option<&Problem>) {
        let Some(left_out) = FAILURES.line(Instant::now()) else { return };
        let (id, method) = (&self.id, &self.method);
        let detail =
            problem.map(|problem| problem.reason.as_deref().unwrap_or(&problem.body.detail));
        tracing::error!(request.id = %id, %method, status = response.status().as_u16(), detail, left_out, "a request failed");
    }
}

/// The problem's answer with the occurrence in it; headers that were added on the way stay.
fn numbered(response: Response, mut problem: Problem, id: Uuid) -> Response {
    problem.body.instance = Some(id.urn().to_string());
    let text = serde_json::to_string(&problem.body).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

/// The same for an answer in the form of OAuth, which has a name of its own for the number.
fn numbered_error(response: Response, mut refused: TokenErrorBody, id: Uuid) -> Response {
    refused.ecid = Some(id.to_string());
    let text = serde_json::to_string(&refused).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

/// An answer to `HEAD`: the length stays, the body goes.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}
