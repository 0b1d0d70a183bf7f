//! Tokens that were taken back before their time: no call is let in with them, in this process at once, in others within seconds.

use super::family::Family;
use super::verify::Verified;
use crate::audit;
use crate::identity::Identity;
use crate::known::last_known;
use crate::model::{Document, put};
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    DocumentChange, Guard, HistoryRecord, Outcome, StoreError, Write, WriteError,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A token, or a family of them, that counts no more.
#[derive(Debug, Serialize, Deserialize)]
struct Revoked {}

impl Document for Revoked {
    const KIND: &'static str = "revoked-token";
}

impl Identity {
    /// Whether the token, its family, or the token that it was exchanged for was revoked, and the instant as of which it was so.
    pub(crate) async fn is_revoked(
        &self,
        token: &Verified,
        now: Timestamp,
    ) -> Result<(bool, Timestamp), StoreError> {
        let key = token.id.clone();
        let edition = match self.principals.revoked.dated(&key, now) {
            Ok(revoked) => return Ok(revoked),
            Err(edition) => edition,
        };
        let revoked = match self.read_revoked(token).await {
            Ok(revoked) => revoked,
            Err(error) => return last_known(&self.principals.revoked, &key, error),
        };
        self.principals.revoked.put(key, revoked, now, edition);
        Ok((revoked, now))
    }

    async fn read_revoked(&self, token: &Verified) -> Result<bool, StoreError> {
        let family = Family::of_token(&token.id);
        let names =
            [family.as_ref().map(Family::name), Some(token.id.as_str()), token.parent.as_deref()];
        for name in names.into_iter().flatten() {
            if self.document::<Revoked>(&token.tenant, name).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Revokes a token and what it was exchanged for.
    pub(super) async fn revoke_one(
        &self,
        token: &Verified,
        history: HistoryRecord,
    ) -> Result<(), WriteError> {
        let gone = revoked(&token.tenant, &token.id, token.times().expires());
        let with = Box::new(Write::Audit { history });
        self.write_principal(Write::Change { documents: vec![gone], with }).await.map(drop)
    }

    /// Revokes all tokens that descend from one log-in; `by` is who does it, `why` in a word, for the history.
    pub(crate) async fn revoke_family(
        &self,
        (tenant, family): (&str, &Family),
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<Outcome, WriteError> {
        let detail = json!({ "tenant": tenant, "family": family.name(), "reason": why });
        let history = audit::record(by, "token-revoked", &detail, now);
        self.write_principal(self.family_revocation((tenant, family), history, now)).await
    }

    /// The write that revokes a family: its refresh tokens, and the access tokens that are out.
    pub(super) fn family_revocation(
        &self,
        (tenant, family): (&str, &Family),
        history: HistoryRecord,
        now: Timestamp,
    ) -> Write {
        let longest_s = self.settings.max_access_token_s;
        revocation_of((tenant, family), history, longest_s, now)
    }
}

/// The write that revokes a family, of which no access token lives longer than `longest_s`.
pub(super) fn revocation_of(
    (tenant, family): (&str, &Family),
    history: HistoryRecord,
    longest_s: u64,
    now: Timestamp,
) -> Write {
    let gone = revoked(tenant, family.name(), now.plus_ms(longest_s.saturating_mul(1000)));
    let with = Box::new(Write::RevokeFamily { family: family.name().to_owned(), history });
    Write::Change { documents: vec![gone], with }
}

fn revoked(tenant: &str, name: &str, until: Timestamp) -> DocumentChange {
    put((tenant, name), &Revoked {}, None, Some(until), Guard::Any)
}
