//! The form of a request from a client to one of the endpoints beside the token endpoint.

use super::error::Refused;
use super::request::{Form, read_form};
use super::token::{FORM_LIMIT_BYTES, too_much};
use crate::app::App;
use crate::body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use dayend_identity::token::{ClientCredentials, TokenError};

/// What a client sent: the parameters, and how it proves who it is.
pub(super) struct Sent {
    pub(super) form: Form,
    pub(super) client: Option<ClientCredentials>,
    tried_basic: bool,
}

impl Sent {
    /// Reads a request; or says why it cannot be read.
    pub(super) async fn read(app: &App, request: Request) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let (room, within) = (&app.strangers_room, body::STRANGERS_ARRIVAL_LIMIT);
        let body = body::read(room, &parts.headers, body, FORM_LIMIT_BYTES, within).await;
        let body = body.map_err(too_much)?;
        let (form, client) = read_form(&parts.headers, parts.uri.query(), &body)
            .map_err(IntoResponse::into_response)?;
        let tried_basic = client.as_ref().is_some_and(|client| client.basic);
        Ok(Self { form, client, tried_basic })
    }

    /// The error as this client should be told.
    pub(super) fn refused(tried_basic: bool, error: TokenError) -> Response {
        Refused { error, tried_basic }.into_response()
    }

    /// Whether the client used the `Authorization` header.
    pub(super) fn tried_basic(&self) -> bool {
        self.tried_basic
    }
}
