//! The settings of apps and the profiles of users, read and changed.

use crate::audit;
use crate::identity::Identity;
use crate::model::{AppSettings, Document, UserProfile, put};
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, StoreError, Write, WriteError};
use serde_json::json;

impl Identity {
    /// The settings of an app; without a document, the ones that allow nothing.
    pub async fn app_settings(
        &self,
        tenant: &str,
        client_id: &str,
    ) -> Result<AppSettings, StoreError> {
        let kept = self.document::<AppSettings>(tenant, client_id).await?;
        Ok(kept.map(|kept| kept.value).unwrap_or_default())
    }

    /// The profile of a user; without a document, an empty one.
    pub async fn user_profile(
        &self,
        tenant: &str,
        user_id: &str,
    ) -> Result<UserProfile, StoreError> {
        let kept = self.document::<UserProfile>(tenant, user_id).await?;
        Ok(kept.map(|kept| kept.value).unwrap_or_default())
    }

    /// Replaces the settings of an app; `by` is who does it, for the history.
    pub async fn put_app_settings(
        &self,
        by: &str,
        (tenant, client_id): (&str, &str),
        settings: &AppSettings,
        now: Timestamp,
    ) -> Result<Outcome, WriteError> {
        self.put_setting(by, (tenant, client_id), settings, ("app", "settings"), now).await
    }

    /// Replaces the profile of a user; `by` is who does it, for the history.
    pub async fn put_user_profile(
        &self,
        by: &str,
        (tenant, user_id): (&str, &str),
        profile: &UserProfile,
        now: Timestamp,
    ) -> Result<Outcome, WriteError> {
        self.put_setting(by, (tenant, user_id), profile, ("user", "profile"), now).await
    }

    async fn put_setting<D: Document>(
        &self,
        by: &str,
        (tenant, id): (&str, &str),
        value: &D,
        (event, action): (&str, &str),
        now: Timestamp,
    ) -> Result<Outcome, WriteError> {
        let detail = json!({ "action": action, "tenant": tenant, "id": id });
        let history = audit::record(by, event, &detail, now);
        let document = put((tenant, id), value, None, None, Guard::Any);
        let with = Box::new(Write::Audit { history });
        self.write_principal(Write::Change { documents: vec![document], with }).await
    }
}
