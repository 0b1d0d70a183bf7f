//! Taking a consent back.

use super::consent::{Consent, consent_id};
use crate::audit;
use crate::identity::Identity;
use crate::model::{UserProfile, put, remove};
use crate::sessions::Session;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, StoreError, Write, WriteError};
use serde_json::json;

/// Consents that a page shows.
const CONSENTS_MAX: u32 = 500;

/// What a user has allowed an app, as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenConsent {
    pub client_id: String,
    /// The app's name, for people.
    pub app: String,
    pub scopes: Vec<String>,
    /// When something was allowed last.
    pub at: Timestamp,
}

/// Why a consent was not taken back.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    #[error("the account was changed at the same time")]
    Raced,
    #[error("the consent could not be taken back: {0}")]
    Unavailable(String),
}

impl From<StoreError> for WithdrawError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<WriteError> for WithdrawError {
    fn from(error: WriteError) -> Self {
        Self::Unavailable(error.0)
    }
}

impl Identity {
    /// What the session's user has allowed which apps.
    pub async fn consents_of(&self, session: &Session) -> Result<Vec<GivenConsent>, StoreError> {
        let (tenant, user) = (session.tenant.as_str(), session.user.id.as_str());
        let kept = self.documents::<Consent>(tenant, Some(user), "", CONSENTS_MAX).await?;
        let mut given = Vec::new();
        for consent in kept.into_iter().map(|kept| kept.value) {
            let app = self.store.app(&consent.client_id).await?;
            let app = app.map_or_else(|| consent.client_id.clone(), |app| app.name);
            given.push(GivenConsent {
                app,
                scopes: consent.scopes.into_iter().collect(),
                at: Timestamp(consent.at),
                client_id: consent.client_id,
            });
        }
        Ok(given)
    }

    /// Takes a consent back: the app has to ask again, and all that it got for the user ends. False: there was none.
    pub async fn withdraw_consent(
        &self,
        session: &Session,
        client_id: &str,
        now: Timestamp,
    ) -> Result<bool, WithdrawError> {
        let (tenant, user) = (session.tenant.as_str(), &session.user);
        let _one_at_a_time = self.changing.lock().await;
        let id = consent_id(&user.id, client_id);
        let Some(consent) = self.document::<Consent>(tenant, &id).await? else { return Ok(false) };
        let kept = self.document::<UserProfile>(tenant, &user.id).await?;
        let guard = kept.as_ref().map_or(Guard::Absent, |kept| Guard::Revision(kept.revision));
        let mut profile = kept.map(|kept| kept.value).unwrap_or_default();
        // Tokens count their beginning in milliseconds: what is asked for from now on must not be too old.
        let from = now.0.div_euclid(1000) * 1000;
        profile.withdrawn.insert(client_id.to_owned(), from);
        let documents = vec![
            remove::<Consent>(tenant, &id, Guard::Revision(consent.revision)),
            put((tenant, &user.id), &profile, None, None, guard),
        ];
        let detail = json!({
            "action": "withdraw", "tenant": tenant, "client": client_id, "user": user.name, "scopes": consent.value.scopes,
        });
        let history = audit::record(&user.name, "consent", &detail, now);
        let with = Box::new(Write::Audit { history });
        match self.write_principal(Write::Change { documents, with }).await? {
            Outcome::Applied => Ok(true),
            Outcome::LostRace => Err(WithdrawError::Raced),
        }
    }
}
