//! `/ui/v1/device`: the code that another device shows.

use super::consent::{Wish, wishes};
use super::form::Form;
use super::page::{Frame, notice, page, stale};
use super::sign_in;
use super::visit::Visit;
use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use dayend_identity::sessions::Session;
use dayend_identity::{DeviceError, WaitingDevice};
use serde::Deserialize;

const PATH: &str = "/ui/v1/device";
/// A code with everything that people may type between its letters.
const CODE_MAX_CHARS: usize = 32;

#[derive(Template)]
#[template(path = "device.html")]
struct Ask {
    frame: Frame,
    token: String,
    code: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "device_decide.html")]
struct Decide<'a> {
    frame: Frame,
    token: String,
    code: &'a str,
    app: &'a str,
    user: &'a str,
    scopes: Vec<Wish<'a>>,
}

/// What the address says.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    user_code: Option<String>,
}

/// The form that asks for the code.
pub(super) async fn show(visit: Visit, Query(asking): Query<Asking>) -> Response {
    let code = plain(&asking.user_code.unwrap_or_default());
    if visit.session.is_none() {
        let next =
            if code.is_empty() { PATH.to_owned() } else { format!("{PATH}?user_code={code}") };
        return sign_in::first(visit, &next);
    }
    let response = asking_page(&visit, StatusCode::OK, code, None);
    visit.answer(response)
}

/// Finds the device, or tells it what the user decided.
pub(super) async fn decide(visit: Visit, form: Form) -> Response {
    let mut form = form;
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    let (code, token, decision) =
        (plain(&form.take("user_code")), form.take("token"), form.take("decision"));
    let response = match decision.as_str() {
        "" if visit.is_form_token(&token, &["device"]) => find(&visit, &session, &code).await,
        "allow" | "deny" if visit.is_form_token(&token, &["device", &code]) => {
            settle(&visit, &session, &code, decision == "allow").await
        }
        _ => stale(&visit),
    };
    visit.answer(response)
}

async fn find(visit: &Visit, session: &Session, code: &str) -> Response {
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    match identity.waiting_device(&session.tenant, &session.user, code, now).await {
        Ok(device) => question(visit, session, code, &device),
        Err(error) => refused(visit, code, &error),
    }
}

fn question(visit: &Visit, session: &Session, code: &str, device: &WaitingDevice) -> Response {
    let template = Decide {
        frame: Frame::for_visit(visit),
        token: visit.form_token(&["device", code]),
        code,
        app: &device.app,
        user: &session.display_name,
        scopes: wishes(&device.scopes),
    };
    page(StatusCode::OK, &template)
}

async fn settle(visit: &Visit, session: &Session, code: &str, allowed: bool) -> Response {
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    let user = (&session.user, session.began_at);
    let settled = identity.approve_device(&session.tenant, user, code, allowed, now).await;
    let (title, text) = if allowed {
        ("Allowed", "The device goes on by itself. You can close this page.")
    } else {
        ("Not allowed", "The device was told. You can close this page.")
    };
    match settled {
        Ok(()) => notice(&Frame::for_visit(visit), StatusCode::OK, title, text),
        Err(error) => refused(visit, code, &error),
    }
}

fn refused(visit: &Visit, code: &str, error: &DeviceError) -> Response {
    let (status, problem) = match error {
        DeviceError::Unknown => (
            StatusCode::NOT_FOUND,
            "No device waits for this code. It may have expired: ask the device for another one."
                .to_owned(),
        ),
        DeviceError::TooMany { retry_after_s } => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many codes were tried. Try again in {retry_after_s} seconds."),
        ),
        DeviceError::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The server cannot do this just now. Try again in a moment.".to_owned(),
        ),
    };
    let mut response = asking_page(visit, status, code.to_owned(), Some(problem));
    if let DeviceError::TooMany { retry_after_s } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
    }
    response
}

fn asking_page(
    visit: &Visit,
    status: StatusCode,
    code: String,
    problem: Option<String>,
) -> Response {
    let token = visit.form_token(&["device"]);
    page(status, &Ask { frame: Frame::for_visit(visit), token, code, problem })
}

/// The letters and digits of what was typed.
fn plain(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    letters.take(CODE_MAX_CHARS).map(|letter| letter.to_ascii_uppercase()).collect()
}
