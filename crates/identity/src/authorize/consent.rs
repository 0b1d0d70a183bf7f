//! Which requests need the user's consent, and what was consented to before.

use super::answer::AuthorizeError;
use super::request::Asked;
use crate::identity::Identity;
use crate::model::{AppSettings, Document, put};
use crate::sessions::Session;
use crate::tokens::{Scopes, covers};
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Apps of a tenant that are looked through at a time.
const PAGE: u32 = 500;

/// Scopes of this server that begin otherwise.
const OWN: [&str; 10] = [
    "openid",
    "offline_access",
    "profile",
    "email",
    "phone",
    "address",
    "groups",
    "get_groups",
    "approles",
    "get_approles",
];

/// What a user has allowed an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Consent {
    pub(super) client_id: String,
    pub(super) scopes: BTreeSet<String>,
    /// In microseconds.
    pub(super) at: i64,
}

impl Document for Consent {
    const KIND: &'static str = "consent";
}

impl Identity {
    /// The scopes to ask about; none: there is nothing to ask.
    pub(super) async fn consent_needed(
        &self,
        asked: &Asked,
        session: &Session,
    ) -> Result<Option<Vec<String>>, AuthorizeError> {
        let all = || Some(asked.scopes.names().to_vec());
        if asked.prompt.consent {
            return Ok(all());
        }
        if asked.bypass_consent {
            return Ok(None);
        }
        let sensitive = self.sensitive_scopes(&asked.app.tenant, &asked.scopes).await?;
        if sensitive.is_empty() {
            return Ok(None);
        }
        let given = self.consent_of(asked, session).await?;
        Ok(if sensitive.is_subset(&given.scopes) { None } else { all() })
    }

    /// The change that remembers what the user has just allowed.
    pub(super) async fn consent_document(
        &self,
        asked: &Asked,
        session: &Session,
        now: Timestamp,
    ) -> Result<DocumentChange, AuthorizeError> {
        let mut consent = self.consent_of(asked, session).await?;
        consent.client_id.clone_from(&asked.app.client_id);
        consent.scopes.extend(asked.scopes.names().iter().cloned());
        consent.at = now.0;
        let id = consent_id(&session.user.id, &asked.app.client_id);
        Ok(put((&session.tenant, &id), &consent, Some(&session.user.id), None, Guard::Any))
    }

    async fn consent_of(&self, asked: &Asked, session: &Session) -> Result<Consent, StoreError> {
        let id = consent_id(&session.user.id, &asked.app.client_id);
        let kept = self.document::<Consent>(&session.tenant, &id).await?;
        Ok(kept.map(|kept| kept.value).unwrap_or_default())
    }

    /// Those of the scopes that an app protects and wants people to be asked about.
    async fn sensitive_scopes(
        &self,
        tenant: &str,
        scopes: &Scopes,
    ) -> Result<BTreeSet<String>, StoreError> {
        let foreign: BTreeSet<&String> =
            scopes.names().iter().filter(|scope| !is_built_in(scope)).collect();
        let mut found = BTreeSet::new();
        let mut after = String::new();
        while !foreign.is_empty() {
            let page = self.documents::<AppSettings>(tenant, None, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for settings in page.iter().map(|kept| &kept.value) {
                let Some(audience) = &settings.audience else { continue };
                let asking = settings.scopes.iter().filter(|scope| scope.requires_consent);
                for own in asking {
                    let protected = foreign.iter().filter(|scope| {
                        let value = scope.strip_prefix(audience.as_str());
                        value.is_some_and(|value| covers(&own.value, value))
                    });
                    found.extend(protected.map(|scope| (**scope).clone()));
                }
            }
        }
        Ok(found)
    }

    /// The lifetime of the access token for these scopes, as the consent page says it.
    pub(super) fn lifetime_of(&self, scopes: &Scopes) -> u64 {
        scopes.lifetime_s(self.settings.access_token_s, self.settings.max_access_token_s)
    }
}

/// The server's own scopes are about the user, or about the server.
fn is_built_in(scope: &str) -> bool {
    scope.starts_with("urn:opc:idm:") || OWN.contains(&scope)
}

/// Of the document that remembers what the user has allowed the app.
pub(super) fn consent_id(user_id: &str, client_id: &str) -> String {
    format!("{user_id}/{client_id}")
}
