//! A code from the browser for a token: it is good for one use, by the app that asked for it.

use super::client::unavailable;
use super::family::Family;
use super::id_token::{self, LoggedIn};
use super::issue::{Grant, actor};
use super::refresh_token;
use super::request::{Asking, GrantType};
use super::revoked::revocation_of;
use super::scopes::Scopes;
use crate::audit;
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::model::{Document, Kept, key, put, remove};
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, HistoryRecord, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Says no more than that: what is wrong with a code is nobody's business who cannot use it.
const INVALID: TokenError = TokenError::InvalidGrant(
    "the code is invalid, expired or already used, or was issued for another client, redirect_uri or code_verifier",
);

/// What a code stands for, under the hash of the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) tenant: String,
    pub(crate) user_id: String,
    /// The session's document: without it the code is worth nothing.
    pub(crate) session: String,
    pub(crate) sid: String,
    /// In microseconds, as all times here.
    pub(crate) auth_time: i64,
    pub(crate) session_ends_at: i64,
    pub(crate) redirect_uri: String,
    /// SHA-256 of what the app keeps to itself until it redeems the code.
    pub(crate) challenge: Option<String>,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) ends_at: i64,
    #[serde(default)]
    pub(crate) made_at: i64,
    /// The family of the tokens that were issued for it.
    pub(crate) spent: Option<String>,
}

impl Document for Code {
    const KIND: &'static str = "code";
}

impl Identity {
    /// A code, shaped like a refresh token, and the id under which it is stored.
    pub(crate) fn new_code(&self) -> (SecretString, String) {
        let code = refresh_token::new(&self.keys);
        let id = self.code_id(&code);
        (code, id)
    }

    fn code_id(&self, code: &SecretString) -> String {
        self.keys.server.secret_id("code", code.expose_secret())
    }

    pub(super) async fn code_grant(
        &self,
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let sent = request.code.as_ref().ok_or_else(|| {
            TokenError::InvalidRequest("the parameter code is required".to_owned())
        })?;
        if !refresh_token::is_shaped(sent) {
            return Err(INVALID);
        }
        let found = self.document::<Code>("", &self.code_id(sent)).await;
        let kept = found.map_err(|error| unavailable(&error))?.ok_or(INVALID)?;
        if kept.value.spent.is_some() {
            asking.recorded = true;
            self.end_tokens_of(&kept.id, app, now).await?;
            return Err(INVALID);
        }
        if now.0 >= kept.value.ends_at {
            return Err(INVALID);
        }
        if let Some(why) = mismatch(&kept.value, app, &request) {
            asking.recorded = true;
            self.burn(&kept, app, why, now).await?;
            return Err(INVALID);
        }
        let user = self.redeemer(&kept.value, now).await?.ok_or(INVALID)?;
        let withdrawn_from = user.profile.withdrawn_from(&app.row.client_id);
        if Timestamp(kept.value.made_at) < withdrawn_from {
            return Err(INVALID);
        }
        asking.user = Some(user.row.name.clone());
        self.redeem(app, &user, kept, asking, now).await
    }

    /// Spends the code and issues the tokens in one write: a failure consumes nothing, a lost race ends what the winner got.
    async fn redeem(
        &self,
        app: &KnownApp,
        user: &KnownUser,
        kept: Kept<Code>,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let Kept { id, value: code, revision, .. } = kept;
        let scopes = Scopes::stored(&code.scope)?;
        // The log-in may be older than what the user took back from the app; what is asked for since counts.
        let withdrawn_from = user.profile.withdrawn_from(&app.row.client_id);
        let family = Family::begun_at(withdrawn_from.max(Timestamp(code.auth_time)));
        let spent = Code { spent: Some(family.name().to_owned()), ..code.clone() };
        // Remembered for as long as there may be something to revoke.
        let refreshable_until = now.plus_ms(self.settings.refresh_token_s.saturating_mul(1000));
        let until = Timestamp(code.session_ends_at);
        let change = put(
            ("", &id),
            &spent,
            None,
            Some(until.max(refreshable_until)),
            Guard::Revision(revision),
        );
        let grant = Grant {
            kind: GrantType::AuthorizationCode,
            app,
            user: Some(user),
            scopes: &scopes,
            family,
            parent: None,
            until: Some(until),
            documents: vec![change],
        };
        let Some(mut answer) = self.issue(grant, asking, now).await? else {
            asking.recorded = true;
            self.end_tokens_of(&id, app, now).await?;
            return Err(INVALID);
        };
        if scopes.openid() {
            let who = LoggedIn {
                issuer: &self.settings.issuer,
                client_id: &app.row.client_id,
                user: &user.row,
                sid: &code.sid,
                nonce: code.nonce.as_deref(),
                auth_time: Timestamp(code.auth_time),
                session_ends_at: until,
            };
            let id_token = id_token::signed(&self.keys, &who, &answer.access_token, now);
            answer.id_token = Some(id_token);
        }
        Ok(answer)
    }

    /// The user, if the session that the code came from is still alive.
    async fn redeemer(&self, code: &Code, now: Timestamp) -> Result<Option<KnownUser>, TokenError> {
        let session =
            self.session_by_id(&code.session, now).await.map_err(|error| unavailable(&error))?;
        if session.is_none() {
            return Ok(None);
        }
        let user = self.read_user(&code.tenant, &code.user_id).await;
        Ok(user.map_err(|error| unavailable(&error))?.filter(KnownUser::active))
    }

    /// Makes a code worthless with which somebody guesses, or who is not the one that asked for it.
    async fn burn(
        &self,
        kept: &Kept<Code>,
        app: &KnownApp,
        why: &str,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let documents = vec![remove::<Code>("", &kept.id, Guard::Revision(kept.revision))];
        let with = Box::new(Write::Audit { history: refusal(&kept.value, app, why, now) });
        let change = Write::Change { documents, with };
        self.write(change).await.map(drop).map_err(|error| unavailable(&error))
    }

    /// A code is used a second time: one of the two is a thief, so that nothing that was issued for it may live on.
    async fn end_tokens_of(
        &self,
        id: &str,
        app: &KnownApp,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let (store, writer) = (Arc::clone(&self.store), Arc::clone(&self.writer));
        let principals = Arc::clone(&self.principals);
        let longest_s = self.settings.max_access_token_s;
        let (code_key, app) = (key::<Code>("", id), app.clone());
        // A task of its own: a client that hangs up at the right moment must not escape the revocation.
        let ending = tokio::spawn(async move {
            let row = store.document(&code_key).await.map_err(|error| error.to_string())?;
            let code = row.and_then(|row| serde_json::from_str::<Code>(&row.content.body).ok());
            let Some(code) = code else { return Ok(()) };
            let Some(family) = code.spent.clone() else { return Ok(()) };
            let history = refusal(&code, &app, "reused", now);
            let family = Family::named(&family);
            let revoke = revocation_of((&code.tenant, &family), history, longest_s, now);
            let revoked = writer.write(revoke).await.map(drop).map_err(|error| error.0);
            principals.clear();
            revoked
        });
        let ended = ending.await.map_err(|error| unavailable(&error))?;
        ended.map_err(|error| {
            tracing::error!(%error, "the tokens of a code that was used twice could not be revoked");
            TokenError::Unavailable
        })
    }
}

fn refusal(code: &Code, app: &KnownApp, why: &str, now: Timestamp) -> HistoryRecord {
    let detail = json!({
        "tenant": app.row.tenant, "client": app.row.client_id, "grant": GrantType::AuthorizationCode.as_str(), "reason": why,
        "code_of": code.client_id, "revoked_family": code.spent,
    });
    audit::record(&actor(app, None), "token-refused", &detail, now)
}

/// Why the code is not for whoever sent it.
fn mismatch(code: &Code, app: &KnownApp, request: &TokenRequest) -> Option<&'static str> {
    if code.client_id != app.row.client_id || code.tenant != app.row.tenant {
        return Some("another client's code");
    }
    if request.redirect_uri.as_ref().is_some_and(|uri| *uri != code.redirect_uri) {
        return Some("another redirect_uri");
    }
    let proven = match (&code.challenge, &request.code_verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => answers(verifier.expose_secret(), challenge),
        // A verifier for no challenge: somebody took the challenge out of the request.
        (Some(_), None) | (None, Some(_)) => false,
    };
    (!proven).then_some("no or a wrong code_verifier")
}

/// RFC 7636 section 4.6.
fn answers(verifier: &str, challenge: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && verify_slices_are_equal(URL_SAFE_NO_PAD.encode(hash).as_bytes(), challenge.as_bytes())
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verifier_itself_answers_a_challenge() {
        // RFC 7636 appendix B.
        let (verifier, challenge) = (
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        );
        assert!(answers(verifier, challenge));
        for wrong in
            ["", challenge, &verifier[1..], &format!("{verifier}a"), &verifier.replace('-', "+")]
        {
            assert!(!answers(wrong, challenge), "{wrong}");
        }
        let hash_of =
            |text: &str| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
        for (length, want) in [(42, false), (43, true), (128, true), (129, false)] {
            let verifier = "v".repeat(length);
            assert_eq!(answers(&verifier, &hash_of(&verifier)), want, "{length}");
        }
        let odd = format!("{}é", "v".repeat(50));
        assert!(!answers(&odd, &hash_of(&odd)));
    }
}
