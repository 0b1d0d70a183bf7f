//! `/oauth2/v1/authorize`: an app asks for a log-in and consent.

use crate::app::App;
use crate::body::{self, FORM, require};
use crate::problem::Problem;
use crate::ui::{self, Visit};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::authorize::Fresh;

/// A request in a body must fit into a URL.
const REQUEST_LIMIT_BYTES: usize = 7 * 1024;

/// Answers a request in the query.
pub(super) async fn authorize(visit: Visit, RawQuery(query): RawQuery) -> Response {
    ui::answer(visit, &Method::GET, query.as_deref().unwrap_or_default(), Fresh::default()).await
}

/// Answers a request in the body with itself in the query: browsers keep the session's cookie from other sites' forms.
pub(super) async fn authorize_posted(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (room, within) = (&app.strangers_room, body::STRANGERS_ARRIVAL_LIMIT);
    let read = body::read(room, &parts.headers, body, REQUEST_LIMIT_BYTES, within).await;
    let read = read.and_then(|bytes| require(&parts.headers, FORM).map(|()| bytes));
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => return Problem::from(error).into_response(),
    };
    let path = &app.settings.base_path;
    let location = [path.as_bytes(), b"/oauth2/v1/authorize?", &bytes].concat();
    match HeaderValue::from_bytes(&location) {
        Ok(location) if location.to_str().is_ok() => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
        }
        Ok(_) | Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
