//! A refresh token for its successor: each is good for one use, and a second use ends the whole family.

use super::claims::Subject;
use super::client::unavailable;
use super::issue::answer;
use super::refresh_token;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::audit;
use crate::identity::Identity;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, Outcome, RefreshRow, UserRow, Write, WriteError};
use serde_json::json;
use std::sync::Arc;

/// Says no more than that: what is wrong with a token is nobody's business who cannot use it.
const INVALID: TokenError =
    TokenError::InvalidGrant("the refresh token is invalid, expired, revoked or already used");

impl Identity {
    pub(super) async fn refresh_grant(
        &self,
        app: &AppRow,
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
            .filter(|row| row.client_id == app.client_id && row.tenant == app.tenant)
            .ok_or(INVALID)?;
        let user = self
            .store
            .user_by_id(&row.tenant, &row.user_id)
            .await
            .map_err(|error| unavailable(&error))?;
        asking.user = user.as_ref().map(|user| user.name.clone());
        if row.revoked {
            return Err(INVALID);
        }
        if row.spent {
            asking.recorded = true;
            let revoke = revocation(&row, app, user.as_ref(), now);
            self.write(revoke).await.map_err(|error| unavailable(&error))?;
            return Err(INVALID);
        }
        let user = user.filter(|user| user.active && now < row.expires_at).ok_or(INVALID)?;
        let original = Scopes::stored(&row.scope)?;
        let scopes = original.narrowed(request.scope.as_deref(), self.settings.access_token_s)?;
        self.rotate(app, &user, &row, &scopes, now).await.inspect_err(|error| {
            asking.recorded = matches!(error, TokenError::InvalidGrant(_));
        })
    }

    /// Spends the token and stores its successor in one write: a failure consumes nothing, a lost race ends the family.
    async fn rotate(
        &self,
        app: &AppRow,
        user: &UserRow,
        row: &RefreshRow,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let signed = self.sign(
            &Subject { app, user: Some(user) },
            scopes,
            GrantType::RefreshToken,
            now,
            true,
        );
        let (token, hash) = self.new_refresh_token();
        let successor = RefreshRow { hash, issued_at: now, ..row.clone() };
        let spend = Write::SpendRefresh { hash: row.hash, successor, history: signed.history };
        let revoke = revocation(row, app, Some(user), now);
        let writer = Arc::clone(&self.writer);
        // A task of its own: a client that hangs up at the right moment must not escape the revocation.
        let spending = tokio::spawn(async move {
            let outcome = writer.write(spend).await?;
            if outcome == Outcome::LostRace {
                writer.write(revoke).await?;
            }
            Ok::<_, WriteError>(outcome)
        });
        let outcome = spending
            .await
            .map_err(|error| unavailable(&error))?
            .map_err(|error| unavailable(&error))?;
        match outcome {
            Outcome::Applied => Ok(answer(signed.token, signed.expires_in, Some(token))),
            Outcome::LostRace => Err(INVALID),
        }
    }
}

fn revocation(row: &RefreshRow, app: &AppRow, user: Option<&UserRow>, now: Timestamp) -> Write {
    let actor = user
        .map_or_else(|| app.client_id.clone(), |user| format!("{}@{}", user.name, app.client_id));
    let detail = json!({ "tenant": row.tenant, "grant": GrantType::RefreshToken.as_str(), "reason": "reused", "revoked_family": row.family });
    Write::RevokeFamily {
        family: row.family.clone(),
        history: audit::record(&actor, "token-refused", &detail, now),
    }
}
