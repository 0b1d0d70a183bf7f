//! A user, and what one is to be.

use crate::admin::AdminError;
use crate::identity::Identity;
use crate::model::{Kept, UserProfile};
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, UserRow};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub name: String,
    pub display_name: String,
    pub active: bool,
    pub created_at: Timestamp,
    pub profile: UserProfile,
    /// Of the profile; none: there is no document yet.
    revision: Option<i64>,
}

/// What a user is to be.
#[derive(Clone, Debug)]
pub struct UserDraft {
    pub name: String,
    pub display_name: String,
    pub active: bool,
    pub profile: UserProfile,
    /// None: it stays, or (of a new user) nobody knows it.
    pub password: Option<SecretString>,
}

impl User {
    pub(super) fn new(row: UserRow, kept: Option<Kept<UserProfile>>) -> Self {
        let revision = kept.as_ref().map(|kept| kept.revision);
        Self {
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            active: row.active,
            created_at: row.created_at,
            profile: kept.map(|kept| kept.value).unwrap_or_default(),
            revision,
        }
    }

    /// What must hold for the profile to be as it was read.
    pub(in crate::admin) fn guard(&self) -> Guard {
        self.revision.map_or(Guard::Absent, Guard::Revision)
    }

    /// Everything that the history may tell of a user.
    pub(super) fn told(&self) -> Value {
        told(&self.name, &self.display_name, self.active, &self.profile)
    }

    /// The user as it is, to be changed.
    pub fn draft(&self) -> UserDraft {
        UserDraft {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            active: self.active,
            profile: self.profile.clone(),
            password: None,
        }
    }
}

impl UserDraft {
    /// As [`User::told`]: the password is not in it.
    pub(super) fn told(&self) -> Value {
        told(&self.name, &self.display_name, self.active, &self.profile)
    }
}

fn told(name: &str, display_name: &str, active: bool, profile: &UserProfile) -> Value {
    let mut told = json!(profile);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("name".to_owned(), json!(name));
        fields.insert("display_name".to_owned(), json!(display_name));
        fields.insert("active".to_owned(), json!(active));
    }
    told
}

impl Identity {
    /// All users of the tenant, by name.
    pub async fn all_users(&self, tenant: &str) -> Result<Vec<User>, AdminError> {
        let rows = self.user_rows(tenant).await?;
        let kept = self.all_documents::<UserProfile>(tenant, None).await?;
        let mut kept: HashMap<String, Kept<UserProfile>> =
            kept.into_iter().map(|kept| (kept.id.clone(), kept)).collect();
        Ok(rows
            .into_iter()
            .map(|row| {
                let profile = kept.remove(&row.id);
                User::new(row, profile)
            })
            .collect())
    }

    /// The user with this id.
    pub async fn user(&self, tenant: &str, id: &str) -> Result<Option<User>, AdminError> {
        let Some(row) = self.store.user_by_id(tenant, id).await? else { return Ok(None) };
        let kept = self.document::<UserProfile>(tenant, id).await?;
        Ok(Some(User::new(row, kept)))
    }

    /// The user with this log-in name.
    pub async fn user_named(&self, tenant: &str, name: &str) -> Result<Option<User>, AdminError> {
        let Some(row) = self.store.user_by_name(tenant, name).await? else { return Ok(None) };
        let kept = self.document::<UserProfile>(tenant, &row.id).await?;
        Ok(Some(User::new(row, kept)))
    }
}
