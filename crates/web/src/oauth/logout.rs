//! `/oauth2/v1/userlogout`: ends the session in the browser.

use super::logout_query::read_log_out;
use crate::app::App;
use crate::ui::{Form, Frame, Visit, later, notice, page, redirect, stale};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use dayend_identity::sessions::LogOut;

#[derive(Template)]
#[template(path = "log_out.html")]
struct Question {
    frame: Frame,
    target: String,
    token: String,
}

/// Answers an app's request, or the user's own.
pub(super) async fn log_out(visit: Visit, RawQuery(query): RawQuery) -> Response {
    go_on(visit, &Method::GET, &query.unwrap_or_default(), false).await
}

/// Answers the form that asks, or an app's request in a body.
pub(super) async fn log_out_posted(visit: Visit, form: Form) -> Response {
    let mut form = form;
    if !form.has("token") {
        let query = form.into_query();
        return go_on(visit, &Method::POST, &query, false).await;
    }
    let (target, token) = (form.take("target"), form.take("token"));
    if !visit.is_form_token(&token, &["log-out", &target]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    go_on(visit, &Method::POST, &target, true).await
}

async fn go_on(mut visit: Visit, method: &Method, query: &str, confirmed: bool) -> Response {
    let Some(request) = read_log_out(query) else {
        let text = "The app that sent you here repeated a parameter.";
        return notice(&Frame::of(&visit.app), StatusCode::BAD_REQUEST, "This did not work", text);
    };
    let app: App = visit.app.clone();
    let (identity, now) = (app.service.identity(), app.service.now());
    let response = match identity.log_out(&request, visit.session.as_ref(), confirmed, now).await {
        Ok(LogOut::Ask) => ask(&visit, query),
        Ok(LogOut::Done) => {
            visit.end();
            notice(&Frame::of(&app), StatusCode::OK, "Logged out", "You are logged out.")
        }
        Ok(LogOut::Back(redirection)) => {
            visit.end();
            redirect(method, &redirection)
        }
        Err(error) => {
            tracing::error!(%error, "a log-out could not be stored");
            later(&app)
        }
    };
    visit.answer(response)
}

fn ask(visit: &Visit, query: &str) -> Response {
    let template = Question {
        frame: Frame::for_visit(visit),
        target: query.to_owned(),
        token: visit.form_token(&["log-out", query]),
    };
    page(StatusCode::OK, &template)
}
