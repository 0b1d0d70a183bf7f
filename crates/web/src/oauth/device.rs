//! `POST /oauth2/v1/device`: a device without a browser asks for its codes (RFC 8628).

use super::form::Sent;
use super::token::no_store;
use crate::app::App;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use dayend_identity::token::DeviceRequest;

/// Answers with a code for the device and one for its user.
pub(super) async fn device(State(app): State<App>, request: Request) -> Response {
    let mut sent = match Sent::read(&app, request).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    let tried_basic = sent.tried_basic();
    let question = DeviceRequest {
        response_type: sent.form.take("response_type"),
        scope: sent.form.take("scope"),
        client: sent.client,
    };
    match app.service.identity().device(question, app.service.now()).await {
        Ok(codes) => no_store(Json(codes).into_response()),
        Err(error) => Sent::refused(tried_basic, error),
    }
}
