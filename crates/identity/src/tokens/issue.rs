//! Writing a token, and the record that it was issued.

use super::claims::{AccessClaims, Subject, Terms};
use super::client::unavailable;
use super::family::Family;
use super::refresh_token;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::audit;
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, HistoryRecord, Outcome, RefreshRow, SecretHash, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// What a token is issued on.
pub(crate) struct Grant<'a> {
    pub(crate) kind: GrantType,
    pub(crate) app: &'a KnownApp,
    pub(crate) user: Option<&'a KnownUser>,
    pub(crate) scopes: &'a Scopes,
    /// Revoked together; begins with the log-in.
    pub(crate) family: Family,
    /// The access token ends then at the latest: what it rests on ends too.
    pub(crate) until: Option<Timestamp>,
    /// Changed in the same write, if the guards hold: what is spent for the token.
    pub(crate) documents: Vec<DocumentChange>,
}

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
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let scopes = Scopes::parse(request.scope.as_deref())?;
        let grant = Grant {
            kind: GrantType::ClientCredentials,
            app,
            user: None,
            scopes: &scopes,
            family: Family::begun_at(now),
            until: None,
            documents: Vec::new(),
        };
        self.issue(grant, asking, now).await?.ok_or(TokenError::InvalidClient)
    }

    /// Signs a token, and a refresh token if one is asked for and allowed, and makes the issue durable.
    ///
    /// None: what should have been spent for it was spent already, and nothing was issued.
    pub(crate) async fn issue(
        &self,
        mut grant: Grant<'_>,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Option<TokenAnswer>, TokenError> {
        let may_refresh = grant.app.may_use(GrantType::RefreshToken.as_str());
        let refreshable = grant.user.filter(|_| may_refresh && grant.scopes.offline());
        let mut documents = std::mem::take(&mut grant.documents);
        documents.append(&mut asking.spends);
        let signed = self.sign(&grant, now, refreshable.is_some());
        let (write, refresh_token) = match refreshable {
            None => (Write::Audit { history: signed.history }, None),
            Some(user) => {
                let (token, hash) = self.new_refresh_token();
                let row = RefreshRow {
                    hash,
                    family: grant.family.name().to_owned(),
                    client_id: grant.app.row.client_id.clone(),
                    tenant: grant.app.row.tenant.clone(),
                    user_id: user.row.id.clone(),
                    scope: grant.scopes.text(),
                    issued_at: now,
                    expires_at: now.plus_ms(self.settings.refresh_token_s.saturating_mul(1000)),
                    spent: false,
                    revoked: false,
                };
                (Write::IssueRefresh { token: row, history: signed.history }, Some(token))
            }
        };
        match self.write(with(documents, write)).await.map_err(|error| unavailable(&error))? {
            Outcome::Applied => Ok(Some(answer(signed.token, signed.expires_in, refresh_token))),
            Outcome::LostRace => Ok(None),
        }
    }

    /// Signs a token and says what the audit has to record about it.
    pub(super) fn sign(&self, grant: &Grant<'_>, now: Timestamp, refreshable: bool) -> Signed {
        let (app, user) = (&grant.app.row, grant.user);
        let left_us = grant.until.map_or(i64::MAX, |until| until.0.saturating_sub(now.0));
        let expires_in = grant
            .scopes
            .lifetime_s(self.settings.access_token_s, self.settings.max_access_token_s)
            .min(u64::try_from(left_us / 1_000_000).unwrap_or(0))
            .max(1);
        let terms = Terms {
            issuer: &self.settings.issuer,
            scope: grant.scopes.granted(user.is_some()),
            grant: grant.kind,
            id: grant.family.token_id(),
            now,
            lifetime_s: expires_in,
        };
        let subject = Subject { app: grant.app, user };
        let claims = AccessClaims::new(&self.keys, &subject, terms);
        let detail = json!({
            "tenant": app.tenant, "grant": grant.kind.as_str(), "jti": claims.jti,
            "expires_in_s": expires_in, "refresh_token": refreshable,
        });
        Signed {
            token: self.keys.signing.sign(&claims),
            expires_in,
            history: audit::record(&actor(grant.app, user), "token", &detail, now),
        }
    }

    /// A refresh token and the form in which it is stored.
    pub(super) fn new_refresh_token(&self) -> (SecretString, SecretHash) {
        let token = refresh_token::new(&self.keys);
        let hash = self.keys.server.hash_refresh_token(token.expose_secret());
        (token, hash)
    }
}

/// The write, together with changes of documents if there are any.
pub(super) fn with(documents: Vec<DocumentChange>, write: Write) -> Write {
    if documents.is_empty() { write } else { Write::Change { documents, with: Box::new(write) } }
}

/// Who asks, as the history names it.
pub(super) fn actor(app: &KnownApp, user: Option<&KnownUser>) -> String {
    match user {
        Some(user) => format!("{}@{}", user.row.name, app.row.client_id),
        None => app.row.client_id.clone(),
    }
}

/// The answer of RFC 6749 section 5.1.
pub(super) fn answer(
    access_token: String,
    expires_in: u64,
    refresh_token: Option<SecretString>,
) -> TokenAnswer {
    let refresh_token = refresh_token.map(|token| token.expose_secret().to_owned());
    TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token,
        ..TokenAnswer::default()
    }
}
