//! Apps and people with all that is kept of them, remembered for a few seconds.

use crate::admin::Holder;
use crate::cache::Cache;
use crate::identity::Identity;
use crate::model::{AppSettings, UserProfile};
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, StoreError, UserRow};
use std::hash::Hash;
use std::sync::Arc;

/// An app and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownApp {
    pub(crate) row: AppRow,
    pub(crate) settings: AppSettings,
    /// The app roles that it holds, by name.
    pub(crate) roles: Vec<String>,
}

/// A user and the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownUser {
    pub(crate) row: UserRow,
    pub(crate) profile: UserProfile,
    /// The app roles that the user holds, by name.
    pub(crate) roles: Vec<String>,
}

impl KnownApp {
    /// Whether the app may use a grant.
    pub(crate) fn may_use(&self, grant: &str) -> bool {
        self.row.grants.split_ascii_whitespace().any(|allowed| allowed == grant)
    }
}

impl KnownUser {
    /// Whether the user may log in now.
    pub(crate) fn active(&self) -> bool {
        self.row.active
    }
}

impl Identity {
    /// The app with this client id, as it was at most a few seconds ago.
    pub(crate) async fn known_app(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<KnownApp>>, StoreError> {
        self.dated_app(client_id, now).await.map(|(app, _)| app)
    }

    /// As [`Identity::known_app`], with the instant as of which it was so.
    pub(crate) async fn dated_app(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Result<(Option<Arc<KnownApp>>, Timestamp), StoreError> {
        let key = client_id.to_owned();
        let edition = match self.principals.apps.dated(&key, now) {
            Ok(app) => return Ok(app),
            Err(edition) => edition,
        };
        let app = match self.read_app(client_id).await {
            Ok(app) => app.map(Arc::new),
            Err(error) => return last_known(&self.principals.apps, &key, error),
        };
        self.principals.apps.put(key, app.clone(), now, edition);
        Ok((app, now))
    }

    /// The user with this id, as it was at most a few seconds ago, and the instant as of which it was so.
    pub(crate) async fn dated_user(
        &self,
        tenant: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<(Option<Arc<KnownUser>>, Timestamp), StoreError> {
        let key = (tenant.to_owned(), id.to_owned());
        let edition = match self.principals.users.dated(&key, now) {
            Ok(user) => return Ok(user),
            Err(edition) => edition,
        };
        let user = match self.read_user(tenant, id).await {
            Ok(user) => user.map(Arc::new),
            Err(error) => return last_known(&self.principals.users, &key, error),
        };
        self.principals.users.put(key, user.clone(), now, edition);
        Ok((user, now))
    }

    /// The user with this id as the database has it now.
    pub(crate) async fn read_user(
        &self,
        tenant: &str,
        id: &str,
    ) -> Result<Option<KnownUser>, StoreError> {
        match self.store.user_by_id(tenant, id).await? {
            Some(row) => self.with_profile(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The user with the profile.
    pub(crate) async fn with_profile(&self, row: UserRow) -> Result<KnownUser, StoreError> {
        let profile = self.user_profile(&row.tenant, &row.id).await?;
        let roles = self.stored_roles_of(&row.tenant, &Holder::User(row.id.clone())).await?;
        Ok(KnownUser { row, profile, roles })
    }

    async fn read_app(&self, client_id: &str) -> Result<Option<KnownApp>, StoreError> {
        let Some(row) = self.store.app(client_id).await? else { return Ok(None) };
        let settings = self.app_settings(&row.tenant, client_id).await?;
        let roles = self.stored_roles_of(&row.tenant, &Holder::App(row.client_id.clone())).await?;
        Ok(Some(KnownApp { row, settings, roles }))
    }
}

/// While the database is away, nobody can change what was known last: who may look at live runs still may.
pub(crate) fn last_known<K: Hash + Eq, V: Clone>(
    cache: &Cache<K, V>,
    key: &K,
    error: StoreError,
) -> Result<(V, Timestamp), StoreError> {
    match &error {
        StoreError::Unavailable(_) => cache.last(key).ok_or(error),
        StoreError::Inconsistent(_) | StoreError::InUse(_) | StoreError::Unsupported(_) => {
            Err(error)
        }
    }
}
