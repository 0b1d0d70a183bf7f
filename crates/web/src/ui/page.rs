//! Pages, with the headers that keep them to themselves.

use super::policy;
use super::visit::Visit;
use crate::app::App;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// When to come again if the store does not answer.
const UNAVAILABLE_RETRY_S: u64 = 5;

/// What stands around every page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The path under which everything is.
    pub(crate) base: String,
    /// The name of whoever is logged in.
    pub(crate) user: Option<String>,
}

impl Frame {
    /// For a page that does not know who looks at it.
    pub(crate) fn of(app: &App) -> Self {
        Self { base: app.settings.base_path.clone(), user: None }
    }

    /// For a page that does.
    pub(crate) fn for_visit(visit: &Visit) -> Self {
        let user = visit.session.as_ref().map(|session| session.display_name.clone());
        Self { user, ..Self::of(&visit.app) }
    }
}

/// What is answered instead of what was asked for.
#[derive(Debug)]
pub(crate) struct Instead(Box<Response>);

impl From<Response> for Instead {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// A page whose forms lead nowhere else.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    with_policy(status, template, policy::own())
}

/// A page whose form may end at an app.
pub(super) fn page_leading_to(
    status: StatusCode,
    template: &impl Template,
    redirect_uri: &str,
) -> Response {
    with_policy(status, template, policy::leading_to(redirect_uri))
}

fn with_policy(status: StatusCode, template: &impl Template, policy: HeaderValue) -> Response {
    let text = match template.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, text).into_response()
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    frame: &'a Frame,
    title: &'a str,
    text: &'a str,
}

/// A page that says one thing.
pub(crate) fn notice(frame: &Frame, status: StatusCode, title: &str, text: &str) -> Response {
    page(status, &Notice { frame, title, text })
}

/// A page that says that the store does not answer.
pub(crate) fn unavailable(app: &App, error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a page could not be shown because the store failed");
    later(app)
}

/// A page that says to come again.
pub(crate) fn later(app: &App) -> Response {
    let text = "The server cannot do this just now. Try again in a moment.";
    let title = "Not now";
    let mut response = notice(&Frame::of(app), StatusCode::SERVICE_UNAVAILABLE, title, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(UNAVAILABLE_RETRY_S));
    response
}

/// A page for a form whose token does not fit: the session has changed, or it was never ours.
pub(crate) fn stale(visit: &Visit) -> Response {
    let text = "This form is no longer valid: you logged in or out since it was shown. Go back, reload the page and try again.";
    notice(&Frame::for_visit(visit), StatusCode::FORBIDDEN, "Try again", text)
}
