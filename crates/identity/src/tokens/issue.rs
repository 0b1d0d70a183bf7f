//! Writing a token, and the record that it was issued.

use super::claims::{AccessClaims, Subject, Terms};
use super::client::unavailable;
use super::family::Family;
use super::refresh_token;
use super::request::{Asking, GrantType};
use super::scopes::{LIFETIME_MAX_S, LIFETIME_MIN_S, Scopes, Target};
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
    /// The id of the token that it was exchanged for.
    pub(crate) parent: Option<&'a str>,
    /// The access token ends then at the latest: what it rests on ends too.
    pub(crate) until: Option<Timestamp>,
    /// Changed in the same write, if the guards hold: what is spent for the token.
    pub(crate) documents: Vec<DocumentChange>,
}

/// Signed tokens that are not yet recorded.
pub(super) struct Signed {
    pub(super) answer: TokenAnswer,
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
            parent: None,
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
        grant: Grant<'_>,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Option<TokenAnswer>, TokenError> {
        let targets = self.granted(grant.app, grant.user, grant.scopes, now).await?;
        self.issue_for_targets(grant, &targets, asking, now).await
    }

    /// As [`Identity::issue`], for targets that are known already.
    pub(super) async fn issue_for_targets(
        &self,
        mut grant: Grant<'_>,
        targets: &[Target],
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Option<TokenAnswer>, TokenError> {
        let may_refresh = grant.parent.is_none()
            && grant.app.may_use(GrantType::RefreshToken.as_str())
            && grant.scopes.offline()
            && targets.iter().all(|target| target.offline);
        let refreshable = grant.user.filter(|_| may_refresh);
        let mut documents = std::mem::take(&mut grant.documents);
        documents.append(&mut asking.spends);
        let Signed { mut answer, history } = self.sign(&grant, targets, refreshable.is_some(), now);
        let write = match refreshable {
            None => Write::Audit { history },
            Some(user) => {
                let (token, hash) = self.new_refresh_token();
                answer.refresh_token = Some(token.expose_secret().to_owned());
                let lifetime_s = self.refresh_lifetime_s(targets);
                let row = RefreshRow {
                    hash,
                    family: grant.family.name().to_owned(),
                    client_id: grant.app.row.client_id.clone(),
                    tenant: grant.app.row.tenant.clone(),
                    user_id: user.row.id.clone(),
                    scope: grant.scopes.text(),
                    issued_at: grant.family.began().unwrap_or(now),
                    expires_at: now.plus_ms(lifetime_s.saturating_mul(1000)),
                    spent: false,
                    revoked: false,
                };
                Write::IssueRefresh { token: row, history }
            }
        };
        match self.write(with(documents, write)).await.map_err(|error| unavailable(&error))? {
            Outcome::Applied => Ok(Some(answer)),
            Outcome::LostRace => Ok(None),
        }
    }

    /// Signs a token for each target and says what the audit has to record about it.
    pub(super) fn sign(
        &self,
        grant: &Grant<'_>,
        targets: &[Target],
        refreshable: bool,
        now: Timestamp,
    ) -> Signed {
        let mut signed = targets.iter().map(|target| self.sign_one(grant, target, now));
        let (mut answer, first) = signed.next().unwrap_or_default();
        let mut detail = json!({
            "tenant": grant.app.row.tenant, "grant": grant.kind.as_str(), "jti": first,
            "expires_in_s": answer.expires_in, "refresh_token": refreshable,
        });
        let others: Vec<(TokenAnswer, String)> = signed.collect();
        if !others.is_empty() {
            let (others, ids): (Vec<_>, Vec<_>) = others.into_iter().unzip();
            answer.others = others;
            let fields = detail.as_object_mut();
            fields.map(|fields| fields.insert("others".to_owned(), json!(ids)));
        }
        let history = audit::record(&actor(grant.app, grant.user), "token", &detail, now);
        Signed { answer, history }
    }

    fn sign_one(
        &self,
        grant: &Grant<'_>,
        target: &Target,
        now: Timestamp,
    ) -> (TokenAnswer, String) {
        let expires_in = self.lifetime_s(grant, target, now);
        let id = grant.family.token_id();
        let terms = Terms {
            issuer: &self.settings.issuer,
            audiences: &target.audiences,
            scope: target.scopes.join(" "),
            grant: grant.kind,
            id: &id,
            parent: grant.parent,
            now,
            lifetime_s: expires_in,
        };
        let subject = Subject { app: grant.app, user: grant.user };
        let access_token = self.keys.signing.sign(&AccessClaims::new(&self.keys, &subject, terms));
        let answer =
            TokenAnswer { access_token, token_type: "Bearer", expires_in, ..Default::default() };
        (answer, id)
    }

    /// The shortest of what is asked for, what the resource server sets, and what is left of that on which the token rests.
    fn lifetime_s(&self, grant: &Grant<'_>, target: &Target, now: Timestamp) -> u64 {
        let longest = |seconds: Option<u64>| seconds.unwrap_or(LIFETIME_MAX_S).max(LIFETIME_MIN_S);
        let wanted = match (grant.scopes.asked_lifetime_s(), target.access_token_s) {
            (None, None) => self.settings.access_token_s,
            (asked, set) => longest(asked).min(longest(set)),
        };
        let cap = self.settings.max_access_token_s;
        let wanted = wanted.min(cap).min(longest(grant.app.settings.max_access_token_s));
        let left_us = grant.until.map_or(i64::MAX, |until| until.0.saturating_sub(now.0));
        wanted.min(u64::try_from(left_us / 1_000_000).unwrap_or(0)).max(1)
    }

    fn refresh_lifetime_s(&self, targets: &[Target]) -> u64 {
        let set = targets.iter().filter_map(|target| target.refresh_token_s).min();
        set.unwrap_or(self.settings.refresh_token_s).clamp(LIFETIME_MIN_S, LIFETIME_MAX_S)
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
