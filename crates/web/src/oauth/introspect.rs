//! `POST /oauth2/v1/introspect`: what a token is worth now (RFC 7662).

use super::form::Sent;
use super::token::no_store;
use crate::app::App;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use dayend_identity::token::AboutToken;

/// Answers with the facts about a valid token, and for all others with `{"active":false}`.
pub(super) async fn introspect(State(app): State<App>, request: Request) -> Response {
    let mut sent = match Sent::read(&app, request).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    let tried_basic = sent.tried_basic();
    let question = AboutToken { token: sent.form.take_secret("token"), client: sent.client };
    match app.service.identity().introspect(question, app.service.now()).await {
        Ok(facts) => no_store(Json(facts).into_response()),
        Err(error) => Sent::refused(tried_basic, error),
    }
}
