//! What a token is worth now (RFC 7662).

use super::client::unavailable;
use super::family::Family;
use super::refresh_token;
use super::request::Asking;
use super::verify::Verified;
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::token::{AboutToken, TokenError};
use dayend_engine::time::Timestamp;
use dayend_store::port::RefreshRow;
use secrecy::ExposeSecret as _;
use serde::Serialize;

/// The operation that lets an app ask about tokens of other apps.
const INTROSPECT: &str = "introspect";

/// What is said about a token; about one that is not valid, no more than that.
#[derive(Debug, Default, Serialize)]
pub struct Introspection {
    pub active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub facts: Option<TokenFacts>,
}

/// The facts about a valid token.
#[derive(Debug, Serialize)]
pub struct TokenFacts {
    pub scope: String,
    pub client_id: String,
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The name that Oracle's service has for `sub`.
    pub prn: String,
    pub token_type: &'static str,
    pub exp: i64,
    pub iat: i64,
    pub nbf: i64,
    pub iss: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

impl Identity {
    /// Answers `POST /oauth2/v1/introspect`. Only an app that proves who it is may ask; about a token that is none of its
    /// business it learns what it would learn about one that does not exist.
    pub async fn introspect(
        &self,
        request: AboutToken,
        now: Timestamp,
    ) -> Result<Introspection, TokenError> {
        let mut asking = Asking::default();
        let answer = self.introspect_for(request, &mut asking, now).await;
        if let Err(refused) = &answer {
            self.record_refusal(&asking, refused, now).await;
        }
        let facts = answer?;
        Ok(Introspection { active: facts.is_some(), facts })
    }

    async fn introspect_for(
        &self,
        request: AboutToken,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Option<TokenFacts>, TokenError> {
        let app = self.authenticated_client(request.client.as_ref(), asking, now).await?;
        if !asking.confidential {
            return Err(TokenError::InvalidClient);
        }
        self.introspections
            .take(&app.row.client_id, now)
            .map_err(|retry_after_s| TokenError::TooMany { retry_after_s })?;
        self.spend_proof(asking, now).await?;
        let token = request.token.ok_or_else(|| {
            TokenError::InvalidRequest("the parameter token is required".to_owned())
        })?;
        if let Some(hash) = refresh_token::hash(&self.keys, &token) {
            let row = self.store.refresh(hash).await.map_err(|error| unavailable(&error))?;
            let row = row.filter(|row| concerns(&app, &row.tenant, &row.client_id));
            let Some(row) = row else { return Ok(None) };
            return self.refresh_facts(row, now).await;
        }
        let token = self.verifier.verify_for_anybody(&self.keys, token.expose_secret(), now);
        let token = token.filter(|token| concerns(&app, &token.tenant, &token.client_id));
        let Some(token) = token else { return Ok(None) };
        self.access_facts(token, now).await
    }

    async fn access_facts(
        &self,
        token: Verified,
        now: Timestamp,
    ) -> Result<Option<TokenFacts>, TokenError> {
        let live = self.live(&token, now).await.map_err(|error| unavailable(&error))?;
        let Some(live) = live else { return Ok(None) };
        let name = live.user.as_ref().map(|user| user.row.name.clone());
        Ok(Some(TokenFacts {
            scope: token.scope.to_string(),
            client_id: token.client_id.clone(),
            sub: token.subject.clone(),
            username: name.clone(),
            preferred_username: name,
            prn: token.subject.clone(),
            token_type: "Bearer",
            exp: token.times().expires().0.div_euclid(1_000_000),
            iat: token.times().issued().0.div_euclid(1_000_000),
            nbf: token.times().issued().0.div_euclid(1_000_000),
            iss: self.settings.issuer.clone(),
            aud: token.audiences,
            jti: Some(token.id),
        }))
    }

    async fn refresh_facts(
        &self,
        row: RefreshRow,
        now: Timestamp,
    ) -> Result<Option<TokenFacts>, TokenError> {
        let family = Family::named(&row.family);
        let user =
            self.read_user(&row.tenant, &row.user_id).await.map_err(|error| unavailable(&error))?;
        let counts = |user: &KnownUser| {
            let began = family.began().unwrap_or(row.issued_at);
            user.active() && user.profile.counts_for(&row.client_id, began)
        };
        let usable = !row.spent && !row.revoked && now < row.expires_at;
        let Some(user) = user.filter(counts).filter(|_| usable) else { return Ok(None) };
        let seconds = |at: Timestamp| at.0.div_euclid(1_000_000);
        Ok(Some(TokenFacts {
            scope: row.scope,
            client_id: row.client_id,
            sub: user.row.name.clone(),
            username: Some(user.row.name.clone()),
            preferred_username: Some(user.row.name.clone()),
            prn: user.row.name,
            token_type: "refresh_token",
            exp: seconds(row.expires_at),
            iat: seconds(row.issued_at),
            nbf: seconds(row.issued_at),
            iss: self.settings.issuer.clone(),
            aud: Vec::new(),
            jti: None,
        }))
    }
}

/// Whether a token of this client is any of the app's business.
fn concerns(app: &KnownApp, tenant: &str, client_id: &str) -> bool {
    let may_ask = app.settings.allowed_operations.iter().any(|allowed| allowed == INTROSPECT);
    app.row.tenant == tenant && (may_ask || app.row.client_id == client_id)
}
