//! `/ui/v1/consents`: what a user has allowed which apps, and taking it back.

use super::consent::{Wish, wishes};
use super::form::Form;
use super::page::{Frame, later, page, stale, unavailable};
use super::sign_in;
use super::visit::Visit;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use dayend_identity::authorize::{GivenConsent, WithdrawError};
use dayend_identity::sessions::Session;

const PATH: &str = "/ui/v1/consents";

#[derive(Template)]
#[template(path = "consents.html")]
struct List<'a> {
    frame: Frame,
    /// What was just done.
    done: Option<String>,
    consents: Vec<Row<'a>>,
}

/// An app that was allowed something.
struct Row<'a> {
    app: &'a str,
    client_id: &'a str,
    wishes: Vec<Wish<'a>>,
    /// The day on which something was allowed last.
    day: String,
    token: String,
}

/// The list.
pub(super) async fn show(visit: Visit) -> Response {
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    let response = list(&visit, &session, None).await;
    visit.answer(response)
}

/// Takes one of them back.
pub(super) async fn withdraw(visit: Visit, form: Form) -> Response {
    let mut form = form;
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    let (client_id, token) = (form.take("client_id"), form.take("token"));
    if !visit.is_form_token(&token, &["withdraw", &client_id]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    let response = match identity.withdraw_consent(&session, &client_id, now).await {
        // Taken back twice is taken back.
        Ok(_) => {
            let done = format!("{client_id} has to ask again, and what it had has ended.");
            list(&visit, &session, Some(done)).await
        }
        Err(WithdrawError::Raced) => stale(&visit),
        Err(error @ WithdrawError::Unavailable(_)) => {
            tracing::error!(%error, "a consent could not be withdrawn");
            later(&visit.app)
        }
    };
    visit.answer(response)
}

async fn list(visit: &Visit, session: &Session, done: Option<String>) -> Response {
    match visit.app.service.identity().consents_of(session).await {
        Ok(given) => {
            let consents = given.iter().map(|consent| row(visit, consent)).collect();
            page(StatusCode::OK, &List { frame: Frame::for_visit(visit), done, consents })
        }
        Err(error) => unavailable(&visit.app, &error),
    }
}

fn row<'a>(visit: &Visit, consent: &'a GivenConsent) -> Row<'a> {
    let day = consent.at.to_string();
    Row {
        app: &consent.app,
        client_id: &consent.client_id,
        wishes: wishes(&consent.scopes),
        day: day.split('T').next().unwrap_or_default().to_owned(),
        token: visit.form_token(&["withdraw", &consent.client_id]),
    }
}
