//! What is shown or answered for an authorization request.

use super::consent;
use super::page::{Frame, later, notice};
use super::sign_in::{self, Purpose};
use super::visit::Visit;
use crate::app::App;
use crate::oauth::read_authorize;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::authorize::{Asked, AuthorizeError, Fresh, Redirection, Step};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Goes as far with the request as it goes: to a page, or back to the app.
pub(crate) async fn answer(visit: Visit, method: &Method, request: &str, fresh: Fresh) -> Response {
    let asked = match asked_of(&visit.app, request).await {
        Ok(asked) => asked,
        Err(error) => {
            let response = refused(&visit.app, method, error);
            return visit.answer(response);
        }
    };
    let service = &visit.app.service;
    let step =
        service.identity().authorize(&asked, visit.session.as_ref(), fresh, service.now()).await;
    let response = match step {
        Ok(Step::LogIn) => {
            sign_in::page_for(&visit, &Purpose::Authorize { request, asked: &asked }, None)
        }
        Ok(Step::Consent { scopes, lifetime_s }) => {
            consent::page_for(&visit, request, &asked, &scopes, lifetime_s)
        }
        Ok(Step::Answer(redirection)) => redirect(method, &redirection),
        Err(error) => refused(&visit.app, method, error),
    };
    visit.answer(response)
}

/// The request in a query, if it is in order.
pub(crate) async fn asked_of(app: &App, request: &str) -> Result<Asked, AuthorizeError> {
    app.service.identity().authorize_request(&read_authorize(request), app.service.now()).await
}

/// The page or the redirection that tells why not.
pub(super) fn refused(app: &App, method: &Method, error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Shown(shown) => {
            let frame = Frame::of(app);
            notice(
                &frame,
                StatusCode::BAD_REQUEST,
                "You cannot log in this way",
                &shown.to_string(),
            )
        }
        AuthorizeError::Redirected(redirection) => redirect(method, &redirection),
        AuthorizeError::Unavailable => later(app),
    }
}

/// 302 for a link, 303 for a form: what was typed into it is not sent on.
pub(crate) fn redirect(method: &Method, redirection: &Redirection) -> Response {
    let status = if *method == Method::GET { StatusCode::FOUND } else { StatusCode::SEE_OTHER };
    match HeaderValue::from_str(&location(redirection)) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn location(redirection: &Redirection) -> String {
    let mut location = redirection.redirect_uri.clone();
    let mut mark = if location.contains('?') { '&' } else { '?' };
    for (name, value) in &redirection.parameters {
        location.push(mark);
        location.push_str(name);
        location.push('=');
        location.extend(percent_encode(value, ESCAPED));
        mark = '&';
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_byte_by_byte() {
        let redirection = Redirection {
            redirect_uri: "https://app.example/cb?x=1".to_owned(),
            parameters: vec![
                ("code", b"AgAg==".to_vec()),
                ("state", b"\xff\0\r\n&= +\xc3\xa4~".to_vec()),
            ],
        };
        assert_eq!(
            location(&redirection),
            "https://app.example/cb?x=1&code=AgAg%3D%3D&state=%FF%00%0D%0A%26%3D%20%2B%C3%A4~"
        );
    }
}
