//! `/ui/v1/password`: another password for whoever is logged in.

use super::form::Form;
use super::page::{Frame, notice, page, stale};
use super::sign_in;
use super::visit::Visit;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use dayend_identity::sessions::{LogInError, PasswordError};
use secrecy::ExposeSecret as _;

const PATH: &str = "/ui/v1/password";

#[derive(Template)]
#[template(path = "password.html")]
struct Change {
    frame: Frame,
    token: String,
    name: String,
    problem: Option<String>,
}

/// The form.
pub(super) async fn show(visit: Visit) -> Response {
    if visit.session.is_none() {
        return sign_in::first(visit, PATH);
    }
    let response = form_page(&visit, StatusCode::OK, None);
    visit.answer(response)
}

/// Changes it.
pub(super) async fn change(mut visit: Visit, form: Form) -> Response {
    let mut form = form;
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    if !visit.is_form_token(&form.take("token"), &["password"]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    let (old, new) = (form.take_secret("old"), form.take_secret("new"));
    if new.expose_secret() != form.take_secret("again").expose_secret() {
        let problem = "The new password and its repetition differ.".to_owned();
        let response = form_page(&visit, StatusCode::BAD_REQUEST, Some(problem));
        return visit.answer(response);
    }
    let (app, now) = (visit.app.clone(), visit.app.service.now());
    let changed = app.service.identity().change_password(&session, (old, new), visit.from, now);
    let response = match changed.await {
        Ok(begun) => {
            visit.begin(begun);
            let text =
                "You have a new password. All other sessions and tokens of yours have ended.";
            notice(&Frame::for_visit(&visit), StatusCode::OK, "Password changed", text)
        }
        Err(error) => refused(&visit, &error),
    };
    visit.answer(response)
}

fn refused(visit: &Visit, error: &PasswordError) -> Response {
    let (status, problem) = told(error);
    let mut response = form_page(visit, status, Some(problem));
    if let PasswordError::LogIn(LogInError::TooMany { retry_after_s }) = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
    }
    response
}

/// The status and a sentence.
pub(super) fn told(error: &PasswordError) -> (StatusCode, String) {
    match error {
        PasswordError::LogIn(LogInError::Wrong) => {
            (StatusCode::FORBIDDEN, "The old password is wrong.".to_owned())
        }
        PasswordError::LogIn(LogInError::TooMany { retry_after_s }) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many attempts. Try again in {retry_after_s} seconds."),
        ),
        PasswordError::LogIn(LogInError::Unavailable) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The server cannot do this just now. Try again in a moment.".to_owned(),
        ),
        PasswordError::Weak(weak) => {
            (StatusCode::BAD_REQUEST, format!("Choose another one: {weak}."))
        }
        PasswordError::BadLink => {
            (StatusCode::NOT_FOUND, "The link was used already, or it is too old.".to_owned())
        }
    }
}

fn form_page(visit: &Visit, status: StatusCode, problem: Option<String>) -> Response {
    let name = visit.session.as_ref().map(|session| session.user.name.clone());
    let template = Change {
        frame: Frame::for_visit(visit),
        token: visit.form_token(&["password"]),
        name: name.unwrap_or_default(),
        problem,
    };
    page(status, &template)
}
