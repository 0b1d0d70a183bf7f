//! What every request passes through, outermost first: occurrence, panics, bounds, load.

use super::fallback::answer_options;
use super::framing::Misframed;
use super::limits::{HEADERS_MAX_BYTES, IN_FLIGHT_MAX, URL_MAX_BYTES};
use crate::external;
use crate::problem::Problem;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use dayend_wire::problem::ProblemCode;
use std::any::Any;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use uuid::Uuid;

/// The number of a request, to look for in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The methods that any path may have.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
const METHODS_ALLOWED: HeaderValue =
    HeaderValue::from_static("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS");
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

/// Refuses requests beyond the number that is worked on at once.
pub(super) fn bounded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    bounded_to(router, IN_FLIGHT_MAX)
}

pub(super) fn bounded_to<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    in_flight_max: usize,
) -> Router<S> {
    router.layer(from_fn_with_state(Arc::new(Semaphore::new(in_flight_max)), shed))
}

/// The router with everything around it. `secure`: callers reach it over TLS.
pub(super) fn wrapped(router: Router, secure: bool) -> Router {
    // One service for the layers, because the router adds `Allow` outside of layers of its own.
    Router::new()
        .fallback_service(router)
        .layer(from_fn(bounds))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(secure, occurrence))
}

/// Gives the request its number, problems their last shape, and every answer its safety headers.
async fn occurrence(State(secure): State<bool>, request: Request, next: Next) -> Response {
    let id = Uuid::new_v4();
    let method = request.method().clone();
    let call = external::is_call(request.uri().path()).then(|| request.headers().clone());
    let mut response = next.run(request).await;
    if method == Method::OPTIONS {
        response = answer_options(response);
    }
    let problem = response.extensions_mut().remove::<Problem>();
    if response.status().is_server_error() {
        let detail = problem
            .as_ref()
            .map(|problem| problem.reason.as_deref().unwrap_or(&problem.body.detail));
        tracing::error!(request.id = %id, %method, status = response.status().as_u16(), detail, "a request failed");
    }
    response = match (problem, call) {
        (Some(_), Some(call)) if response.status().is_server_error() => {
            external::failed_outside(&call, response.status())
        }
        (Some(problem), _) => numbered(response, problem, id),
        (None, _) => response,
    };
    if method == Method::HEAD {
        response = without_body(response);
    }
    let headers = response.headers_mut();
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(value);
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    let id = HeaderValue::try_from(id.to_string()).expect("a UUID is visible ASCII");
    headers.insert(REQUEST_ID, id);
    response
}

/// The problem's answer with the occurrence in it; headers that were added on the way stay.
fn numbered(response: Response, mut problem: Problem, id: Uuid) -> Response {
    problem.body.instance = Some(id.urn().to_string());
    let text = serde_json::to_string(&problem.body).unwrap_or_default();
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

/// A handler panicked: that is our defect, and the connection goes on.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the payload over")]
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("no message"), "a handler panicked");
    Problem::internal().into_response()
}

/// Refuses what no path takes: doubtful frames, other methods, long URLs, many headers.
async fn bounds(mut request: Request, next: Next) -> Response {
    if let Some(Misframed(why)) = request.extensions().get() {
        let refused = Problem::new(ProblemCode::InvalidRequest, *why);
        return ([(header::CONNECTION, HeaderValue::from_static("close"))], refused)
            .into_response();
    }
    let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url_bytes > URL_MAX_BYTES {
        return Problem::url_too_long(URL_MAX_BYTES).into_response();
    }
    if header_bytes(request.headers()) > HEADERS_MAX_BYTES {
        return Problem::headers_too_large(HEADERS_MAX_BYTES).into_response();
    }
    if !METHODS.contains(request.method()) {
        if external::is_call(request.uri().path()) {
            let (parts, _) = request.into_parts();
            return external::not_post(parts.method, parts.headers).await;
        }
        let refused =
            Problem::new(ProblemCode::MethodNotAllowed, "the method is not among those in `Allow`");
        return ([(header::ALLOW, METHODS_ALLOWED)], refused).into_response();
    }
    if request.uri().path().starts_with("//") {
        request = with_one_slash(request);
    }
    if request.uri().path() == "*" {
        return (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS_ALLOWED)]).into_response();
    }
    next.run(request).await
}

/// The guide writes `<APPLICATION_BASE_PATH>/<URL>` for a URL that begins with a slash: who follows it to the letter sends two.
fn with_one_slash(mut request: Request) -> Request {
    let path_and_query = request.uri().path_and_query().map_or("/", |whole| whole.as_str());
    let once = format!("/{}", path_and_query.trim_start_matches('/'));
    if let Ok(uri) = once.parse() {
        *request.uri_mut() = uri;
    }
    request
}

/// As HTTP/1 writes them: name, colon, space, value, line end.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

async fn shed(State(in_flight): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match in_flight.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => Problem::overloaded().into_response(),
    }
}
