//! What no path takes: doubtful frames, other methods, long URLs, many headers.

use super::framing::Misframed;
use super::limits::{HEADERS_MAX_BYTES, URL_MAX_BYTES};
use crate::external;
use crate::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_wire::problem::ProblemCode;

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

/// The answer to a request that no path takes.
pub(super) fn refusal(request: &Request) -> Option<Response> {
    if let Some(Misframed(why)) = request.extensions().get() {
        let refused = Problem::new(ProblemCode::InvalidRequest, *why);
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        return Some((close, refused).into_response());
    }
    let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url_bytes > URL_MAX_BYTES {
        return Some(Problem::url_too_long(URL_MAX_BYTES).into_response());
    }
    if header_bytes(request.headers()) > HEADERS_MAX_BYTES {
        return Some(Problem::headers_too_large(HEADERS_MAX_BYTES).into_response());
    }
    if !METHODS.contains(request.method()) {
        return Some(unknown_method(request));
    }
    (request.uri().path() == "*")
        .then(|| (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS_ALLOWED)]).into_response())
}

fn unknown_method(request: &Request) -> Response {
    if external::is_call(request.uri().path()) {
        return external::not_post(request.method(), request.headers());
    }
    let refused =
        Problem::new(ProblemCode::MethodNotAllowed, "the method is not among those in `Allow`");
    ([(header::ALLOW, METHODS_ALLOWED)], refused).into_response()
}

/// The guide writes `<APPLICATION_BASE_PATH>/<URL>` for a URL that begins with a slash: who follows it to the letter sends two.
pub(super) fn with_one_slash(mut request: Request) -> Request {
    if !request.uri().path().starts_with("//") {
        return request;
    }
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
