//! A client gives a token back (RFC 7009).

use super::client::unavailable;
use super::family::Family;
use super::refresh_token;
use super::request::Asking;
use crate::audit;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::token::{AboutToken, TokenError};
use dayend_engine::time::Timestamp;
use dayend_store::port::{Outcome, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

impl Identity {
    /// Answers `POST /oauth2/v1/revoke`. A token that is unknown or another client's is left as it is, and nobody is told.
    pub async fn revoke_token(
        &self,
        request: AboutToken,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let mut asking = Asking::default();
        let answer = self.revoke_for(request, &mut asking, now).await;
        if let Err(refused) = &answer {
            self.record_refusal(&asking, refused, now).await;
        }
        answer
    }

    async fn revoke_for(
        &self,
        request: AboutToken,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let app = self.authenticated_client(request.client.as_ref(), asking, now).await?;
        self.spend_proof(asking, now).await?;
        let token = request.token.ok_or_else(|| {
            TokenError::InvalidRequest("the parameter token is required".to_owned())
        })?;
        match refresh_token::hash(&self.keys, &token) {
            Some(hash) => {
                let row = self.store.refresh(hash).await.map_err(|error| unavailable(&error))?;
                let own = row.filter(|row| {
                    row.client_id == app.row.client_id && row.tenant == app.row.tenant
                });
                let Some(row) = own.filter(|row| !row.revoked) else { return Ok(()) };
                let family = Family::named(&row.family);
                let by = &app.row.client_id;
                let revoked = self.revoke_family((&row.tenant, &family), by, "client", now).await;
                revoked.map(drop).map_err(|error| unavailable(&error))
            }
            None => self.revoke_access_token(&app, &token, now).await,
        }
    }

    async fn revoke_access_token(
        &self,
        app: &KnownApp,
        token: &SecretString,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let token = self.verifier.verify_for_anybody(&self.keys, token.expose_secret(), now);
        let own = token
            .filter(|token| token.client_id == app.row.client_id && token.tenant == app.row.tenant);
        let Some(token) = own else { return Ok(()) };
        let detail = json!({ "tenant": token.tenant, "jti": token.id, "reason": "client" });
        let history = audit::record(&app.row.client_id, "token-revoked", &detail, now);
        self.revoke_one(&token, history).await.map_err(|error| unavailable(&error))
    }

    /// Makes use of the client's proof where nothing else is written with it.
    pub(super) async fn spend_proof(
        &self,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let documents = std::mem::take(&mut asking.spends);
        if documents.is_empty() {
            return Ok(());
        }
        let client = asking.client.as_deref().unwrap_or_default();
        let history = audit::record(client, "client-assertion", &json!({ "client": client }), now);
        let with = Box::new(Write::Audit { history });
        let written = self.write(Write::Change { documents, with }).await;
        match written.map_err(|error| unavailable(&error))? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => Err(TokenError::InvalidClient),
        }
    }
}
