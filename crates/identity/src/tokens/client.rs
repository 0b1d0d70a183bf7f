//! Who asks for a token.

use super::assertion::claimed_client;
use super::request::{Asking, GrantType};
use crate::credentials::{CLIENT_ID_MAX_BYTES, CLIENT_SECRET_MAX_BYTES, readings};
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::token::{ClientCredentials, TokenError};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use dayend_engine::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;

impl Identity {
    /// The app that proved its identity. An unknown client, a switched-off one and a wrong secret get the same answer.
    pub(super) async fn authenticated_client(
        &self,
        sent: Option<&ClientCredentials>,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Arc<KnownApp>, TokenError> {
        let sent = sent.ok_or(TokenError::InvalidClient)?;
        if let Some(assertion) = &sent.assertion {
            return self.asserted_client(&sent.client_id, assertion, asking, now).await;
        }
        let too_long = sent
            .secret
            .as_ref()
            .is_some_and(|secret| secret.expose_secret().len() > CLIENT_SECRET_MAX_BYTES);
        if sent.client_id.len() > CLIENT_ID_MAX_BYTES || too_long {
            return Err(TokenError::InvalidClient);
        }
        for (client_id, secret) in readings(sent) {
            let app = self.known_app(&client_id, now).await.map_err(|error| unavailable(&error))?;
            if app.is_some() {
                asking.client = Some(client_id.clone());
            }
            if let Some(app) = self.proven(&client_id, secret.as_ref(), app) {
                asking.proven = true;
                asking.confidential = app.row.secret.is_some();
                return Ok(app);
            }
        }
        Err(TokenError::InvalidClient)
    }

    /// The app that signed an assertion about itself.
    async fn asserted_client(
        &self,
        named: &str,
        assertion: &SecretString,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Arc<KnownApp>, TokenError> {
        let claimed = claimed_client(assertion)
            .filter(|claimed| named.is_empty() || claimed == named)
            .filter(|claimed| claimed.len() <= CLIENT_ID_MAX_BYTES)
            .ok_or(TokenError::InvalidClient)?;
        let app = self.known_app(&claimed, now).await.map_err(|error| unavailable(&error))?;
        let app = app.ok_or(TokenError::InvalidClient)?;
        asking.client = Some(claimed.clone());
        let asserted =
            self.asserted(&app, assertion, now).await.map_err(|error| unavailable(&error))?;
        let asserted = asserted
            .filter(|asserted| app.row.active && asserted.subject == claimed)
            .ok_or(TokenError::InvalidClient)?;
        asking.proven = true;
        asking.confidential = true;
        asking.spends.push(asserted.spends);
        Ok(app)
    }

    /// A secret is hashed and compared whether or not there is one to compare it with.
    fn proven(
        &self,
        client_id: &str,
        secret: Option<&SecretString>,
        app: Option<Arc<KnownApp>>,
    ) -> Option<Arc<KnownApp>> {
        // RFC 6749 section 2.3.1: an empty secret is none.
        let secret = secret.filter(|secret| !secret.expose_secret().is_empty());
        let given = self
            .keys
            .server
            .hash_client_secret(client_id, secret.map_or("", SecretString::expose_secret));
        let expected = app.as_ref().and_then(|app| app.row.secret);
        let equal =
            verify_slices_are_equal(&given.0, &expected.map_or([0; 32], |expected| expected.0))
                .is_ok();
        let confidential = expected.is_some() && secret.is_some() && equal;
        let public = app.as_ref().is_some_and(|app| app.row.secret.is_none()) && secret.is_none();
        app.filter(|app| app.row.active && (confidential || public))
    }
}

/// Whether the app may use the grant. A public app proves nothing, so it cannot use grants that rest on the client alone.
pub(super) fn allow(
    app: &KnownApp,
    grant: GrantType,
    confidential: bool,
) -> Result<(), TokenError> {
    if app.may_use(grant.as_str()) && (confidential || !grant.needs_secret()) {
        return Ok(());
    }
    Err(TokenError::UnauthorizedClient(format!(
        "the client may not use the grant type {}",
        grant.as_str()
    )))
}

/// Reports a store that does not answer.
pub(super) fn unavailable(error: &dyn std::error::Error) -> TokenError {
    tracing::error!(%error, "a token request could not be answered because the store failed");
    TokenError::Unavailable
}
