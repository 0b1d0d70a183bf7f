//! `POST /oauth2/v1/revoke`: a client gives a token back (RFC 7009).

use super::form::Sent;
use super::token::no_store;
use crate::app::App;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dayend_identity::token::AboutToken;

/// Answers 200 whether or not there was such a token.
pub(super) async fn revoke(State(app): State<App>, request: Request) -> Response {
    let mut sent = match Sent::read(&app, request).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    let tried_basic = sent.tried_basic();
    let question = AboutToken { token: sent.form.take_secret("token"), client: sent.client };
    match app.service.identity().revoke_token(question, app.service.now()).await {
        Ok(()) => no_store(StatusCode::OK.into_response()),
        Err(error) => Sent::refused(tried_basic, error),
    }
}
