//! Writing a token, and the record that it was issued.

use super::claims::{AccessClaims, Subject, Terms};
use super::client::unavailable;
use super::refresh_token;
use super::request::GrantType;
use super::scopes::Scopes;
use crate::audit;
use crate::identity::Identity;
use crate::random;
use crate::token::{TokenAnswer, TokenError};
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, HistoryRecord, Outcome, RefreshRow, SecretHash, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// A signed token that is not yet recorded.
pub(super) struct Signed {
    pub(super) token: String,
    pub(super) expires_in: u64,
    pub(super) history: HistoryRecord,
}

impl Identity {
    /// The app's own token: there is no user, so there is nothing to refresh.
    pub(super) async fn client_credentials_grant(
        &self,
        app: &AppRow,
        scope: Option<&str>,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let scopes = Scopes::parse(scope)?;
        self.issue(&Subject { app, user: None }, &scopes, GrantType::ClientCredentials, now).await
    }

    /// Signs a token, and a refresh token if one is asked for and allowed, and makes the issue durable.
    pub(super) async fn issue(
        &self,
        subject: &Subject<'_>,
        scopes: &Scopes,
        grant: GrantType,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let may_refresh = subject
            .app
            .grants
            .split_ascii_whitespace()
            .any(|grant| grant == GrantType::RefreshToken.as_str());
        let refreshable = subject.user.filter(|_| may_refresh && scopes.offline());
        let signed = self.sign(subject, scopes, grant, now, refreshable.is_some());
        let (write, refresh_token) = match refreshable {
            None => (Write::Audit { history: signed.history }, None),
            Some(user) => {
                let (token, hash) = self.new_refresh_token();
                let row = RefreshRow {
                    hash,
                    family: random::id(),
                    client_id: subject.app.client_id.clone(),
                    tenant: subject.app.tenant.clone(),
                    user_id: user.id.clone(),
                    scope: scopes.text(),
                    issued_at: now,
                    expires_at: now.plus_ms(self.settings.refresh_token_s.saturating_mul(1000)),
                    spent: false,
                    revoked: false,
                };
                (Write::IssueRefresh { token: row, history: signed.history }, Some(token))
            }
        };
        match self.write(write).await.map_err(|error| unavailable(&error))? {
            Outcome::Applied => Ok(answer(signed.token, signed.expires_in, refresh_token)),
            Outcome::LostRace => Err(TokenError::Unavailable),
        }
    }

    /// Signs a token and says what the audit has to record about it.
    pub(super) fn sign(
        &self,
        subject: &Subject<'_>,
        scopes: &Scopes,
        grant: GrantType,
        now: Timestamp,
        refreshable: bool,
    ) -> Signed {
        let expires_in =
            scopes.lifetime_s(self.settings.access_token_s, self.settings.max_access_token_s);
        let terms = Terms {
            issuer: &self.settings.issuer,
            scope: scopes.granted(subject.user.is_some()),
            grant,
            now,
            lifetime_s: expires_in,
        };
        let claims = AccessClaims::new(&self.keys, subject, terms);
        let detail = json!({
            "tenant": subject.app.tenant, "grant": grant.as_str(), "jti": claims.jti,
            "expires_in_s": expires_in, "refresh_token": refreshable,
        });
        let actor = match subject.user {
            Some(user) => format!("{}@{}", user.name, subject.app.client_id),
            None => subject.app.client_id.clone(),
        };
        Signed {
            token: self.keys.signing.sign(&claims),
            expires_in,
            history: audit::record(&actor, "token", &detail, now),
        }
    }

    /// A refresh token and the form in which it is stored.
    pub(super) fn new_refresh_token(&self) -> (SecretString, SecretHash) {
        let token = refresh_token::new(&self.keys);
        let hash = self.keys.server.hash_refresh_token(token.expose_secret());
        (token, hash)
    }
}

/// The answer of RFC 6749 section 5.1.
pub(super) fn answer(
    access_token: String,
    expires_in: u64,
    refresh_token: Option<SecretString>,
) -> TokenAnswer {
    let refresh_token = refresh_token.map(|token| token.expose_secret().to_owned());
    TokenAnswer { access_token, token_type: "Bearer", expires_in, refresh_token }
}
