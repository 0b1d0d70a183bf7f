//! A refresh token for its successor: each is good for one use, and a second use ends the whole family.

use super::client::unavailable;
use super::family::Family;
use super::issue::{Grant, Signed, actor, with};
use super::refresh_token;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::audit;
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use dayend_store::port::{Outcome, RefreshRow, Write, WriteError};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::sync::Arc;

/// Says no more than that: what is wrong with a token is nobody's business who cannot use it.
const INVALID: TokenError =
    TokenError::InvalidGrant("the refresh token is invalid, expired, revoked or already used");

impl Identity {
    pub(super) async fn refresh_grant(
        &self,
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let sent = request.refresh_token.ok_or_else(|| {
            TokenError::InvalidRequest("the parameter refresh_token is required".to_owned())
        })?;
        let hash = refresh_token::hash(&self.keys, &sent).ok_or(INVALID)?;
        let row = self.store.refresh(hash).await.map_err(|error| unavailable(&error))?;
        // A token of another client is refused, but its family lives on: who holds it may not harm its owner.
        let row = row
            .filter(|row| row.client_id == app.row.client_id && row.tenant == app.row.tenant)
            .ok_or(INVALID)?;
        let user =
            self.read_user(&row.tenant, &row.user_id).await.map_err(|error| unavailable(&error))?;
        asking.user = user.as_ref().map(|user| user.row.name.clone());
        if row.revoked {
            return Err(INVALID);
        }
        if row.spent {
            asking.recorded = true;
            let revoke = self.reuse(&row, (app, user.as_ref()), now);
            self.write_principal(revoke).await.map_err(|error| unavailable(&error))?;
            return Err(INVALID);
        }
        let counts = |user: &KnownUser| {
            let counts = user.profile.counts_for(&row.client_id, row.issued_at)
                && app.settings.counts_since(row.issued_at);
            user.active() && counts && now < row.expires_at
        };
        let user = user.filter(counts).ok_or(INVALID)?;
        let original = Scopes::stored(&row.scope)?;
        let scopes = original.narrowed(request.scope.as_deref(), self.settings.access_token_s)?;
        self.rotate((app, &user), &row, &scopes, asking, now).await
    }

    /// Spends the token and stores its successor in one write: a failure consumes nothing, a lost race ends the family.
    async fn rotate(
        &self,
        (app, user): (&KnownApp, &KnownUser),
        row: &RefreshRow,
        scopes: &Scopes,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let grant = Grant {
            kind: GrantType::RefreshToken,
            app,
            user: Some(user),
            scopes,
            family: Family::named(&row.family),
            parent: None,
            until: None,
            documents: Vec::new(),
        };
        let targets = self.granted(app, Some(user), scopes, now).await?;
        let Signed { mut answer, history } = self.sign(&grant, &targets, true, now);
        let (token, hash) = self.new_refresh_token();
        answer.refresh_token = Some(token.expose_secret().to_owned());
        // It began with the log-in: what ends everything that began before a change of the password ends its successors too.
        let successor = RefreshRow { hash, ..row.clone() };
        let spend = Write::SpendRefresh { hash: row.hash, successor, history };
        let spend = with(std::mem::take(&mut asking.spends), spend);
        let revoke = self.reuse(row, (app, Some(user)), now);
        let (writer, principals) = (Arc::clone(&self.writer), Arc::clone(&self.principals));
        let store = Arc::clone(&self.store);
        let hash = row.hash;
        // A task of its own: a client that hangs up at the right moment must not escape the revocation.
        let spending = tokio::spawn(async move {
            let outcome = writer.write(spend).await?;
            // The race may have been lost for the client's proof alone: then the token is as good as before.
            let reused =
                || async { store.refresh(hash).await.map(|row| row.is_none_or(|row| row.spent)) };
            if outcome == Outcome::LostRace && reused().await.unwrap_or(true) {
                writer.write(revoke).await?;
                principals.clear();
            }
            Ok::<_, WriteError>(outcome)
        });
        let outcome = spending
            .await
            .map_err(|error| unavailable(&error))?
            .map_err(|error| unavailable(&error))?;
        match outcome {
            Outcome::Applied => Ok(answer),
            Outcome::LostRace => {
                asking.recorded = true;
                Err(INVALID)
            }
        }
    }
}

impl Identity {
    /// A token that was used twice ends its family: one of the two who have it is a thief.
    fn reuse(
        &self,
        row: &RefreshRow,
        (app, user): (&KnownApp, Option<&KnownUser>),
        now: Timestamp,
    ) -> Write {
        let detail = json!({ "tenant": row.tenant, "grant": GrantType::RefreshToken.as_str(), "reason": "reused", "revoked_family": row.family });
        let history = audit::record(&actor(app, user), "token-refused", &detail, now);
        self.family_revocation((&row.tenant, &Family::named(&row.family)), history, now)
    }
}
