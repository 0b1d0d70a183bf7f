//! `/ui/v1/reset`: a link by mail for who has forgotten the password.

use super::form::Form;
use super::page::{Frame, notice, page, stale};
use super::password::told;
use super::reset_letter::{AskedBy, send_reset_letter};
use super::visit::Visit;
use crate::app::App;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use dayend_identity::sessions::PasswordError;
use secrecy::ExposeSecret as _;

#[derive(Template)]
#[template(path = "reset.html")]
struct Ask {
    frame: Frame,
    token: String,
}

#[derive(Template)]
#[template(path = "reset_password.html")]
struct Choose<'a> {
    frame: Frame,
    token: String,
    link: &'a str,
    problem: Option<String>,
}

/// The form that asks for the user name.
pub(super) async fn show(visit: Visit) -> Response {
    let response = if visit.app.mailer.is_some() {
        let template = Ask { frame: Frame::of(&visit.app), token: visit.form_token(&["reset"]) };
        page(StatusCode::OK, &template)
    } else {
        no_mail(&visit)
    };
    visit.answer(response)
}

/// Sends a link. The answer is the same, and as fast, whoever asks: what is to be done is done afterwards.
pub(super) async fn ask(visit: Visit, form: Form) -> Response {
    let mut form = form;
    if visit.app.mailer.is_none() {
        let response = no_mail(&visit);
        return visit.answer(response);
    }
    if !visit.is_form_token(&form.take("token"), &["reset"]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    if let Ok(permit) = visit.app.letters.clone().try_acquire_owned() {
        let (app, name) = (visit.app.clone(), form.take("username"));
        tokio::spawn(async move {
            send_link(&app, &name).await;
            drop(permit);
        });
    }
    let text = "If there is such a user and an e-mail address is known, a link is on its way. It is good for 30 minutes.";
    let response = notice(&Frame::of(&visit.app), StatusCode::OK, "Look into your mail", text);
    visit.answer(response)
}

async fn send_link(app: &App, name: &str) {
    let (identity, now) = (app.service.identity(), app.service.now());
    let Ok(Some(letter)) = identity.begin_reset(identity.tenant(), name, now).await else { return };
    send_reset_letter(app, &letter, AskedBy::Anybody).await;
}

/// The form behind the link.
pub(super) async fn choose(visit: Visit, Path(link): Path<String>) -> Response {
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    let response = match identity.is_reset_link(&link, now).await {
        Ok(true) => choice(&visit, &link, StatusCode::OK, None),
        Ok(false) => refused(&visit, &PasswordError::BadLink),
        Err(error) => refused(&visit, &error.into()),
    };
    visit.answer(response)
}

/// Sets the password.
pub(super) async fn set(visit: Visit, Path(link): Path<String>, form: Form) -> Response {
    let mut form = form;
    if !visit.is_form_token(&form.take("token"), &["reset", &link]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    let new = form.take_secret("new");
    if new.expose_secret() != form.take_secret("again").expose_secret() {
        let problem = "The password and its repetition differ.".to_owned();
        let response = choice(&visit, &link, StatusCode::BAD_REQUEST, Some(problem));
        return visit.answer(response);
    }
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    let response = match identity.finish_reset(&link, new, now).await {
        Ok(()) => {
            let text = "You can log in with the new password. All sessions and tokens of yours have ended.";
            notice(&Frame::of(&visit.app), StatusCode::OK, "Password changed", text)
        }
        Err(error @ PasswordError::Weak(_)) => {
            let (status, problem) = told(&error);
            choice(&visit, &link, status, Some(problem))
        }
        Err(error) => refused(&visit, &error),
    };
    visit.answer(response)
}

fn choice(visit: &Visit, link: &str, status: StatusCode, problem: Option<String>) -> Response {
    let token = visit.form_token(&["reset", link]);
    page(status, &Choose { frame: Frame::of(&visit.app), token, link, problem })
}

fn refused(visit: &Visit, error: &PasswordError) -> Response {
    let (status, text) = told(error);
    notice(&Frame::of(&visit.app), status, "This did not work", &text)
}

fn no_mail(visit: &Visit) -> Response {
    let text = "This server sends no mail. An administrator can set a new password for you.";
    notice(&Frame::of(&visit.app), StatusCode::NOT_FOUND, "Ask an administrator", text)
}
