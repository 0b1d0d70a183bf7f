//! Which pages of other origins may read answers (the Fetch standard): for each app exactly those that its settings name.
//!
//! Cookies are never part of it: no answer allows credentials.

use crate::app::App;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Browsers may remember a preflight for ten minutes.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
/// What scripts may see beside the body.
const EXPOSED: HeaderValue = HeaderValue::from_static("www-authenticate, retry-after");
const ORIGIN_MAX_BYTES: usize = 256;

/// The origin that a browser names; none if it is not another one.
pub(super) fn origin(headers: &HeaderMap) -> Option<String> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    (origin.len() <= ORIGIN_MAX_BYTES).then(|| origin.to_owned())
}

/// `OPTIONS`: nobody is authenticated yet, so that any app's origins count. The answer itself is for its app's alone.
pub(super) async fn preflight(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    answer.insert(header::ALLOW, METHODS);
    answer.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin(&headers) else { return response };
    let identity = app.service.identity();
    match identity.is_some_apps_origin(&origin, app.service.now()).await {
        Ok(true) => {}
        Ok(false) => return response,
        Err(error) => {
            tracing::error!(%error, "the origins of apps could not be read");
            return response;
        }
    }
    if let Ok(origin) = HeaderValue::from_str(&origin) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response
}

/// Lets a page read the answer, if it is one of the app that asked. `client_id`: the app, whether or not it proved that.
pub(super) async fn readable(
    app: &App,
    origin: Option<String>,
    client_id: Option<&str>,
    mut response: Response,
) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    let (Some(origin), Some(client_id)) = (origin, client_id) else { return response };
    let identity = app.service.identity();
    let allowed = identity.is_origin_of(client_id, &origin, app.service.now()).await;
    if allowed.unwrap_or(false)
        && let Ok(origin) = HeaderValue::from_str(&origin)
    {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}
