//! People who can log in.

use super::{AdminError, check_name};
use crate::audit;
use crate::identity::Identity;
use crate::passwords::{Account, check};
use crate::random;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Outcome, UserRow, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// A user to create.
#[derive(Debug)]
pub struct NewUser {
    pub tenant: String,
    pub name: String,
    pub display_name: String,
    /// None: one is generated.
    pub password: Option<SecretString>,
}

/// A user who was created.
#[derive(Debug)]
pub struct CreatedUser {
    pub id: String,
    /// The chosen or generated password; it cannot be shown again.
    pub password: SecretString,
}

impl Identity {
    /// Creates an active user; `by` is who does it, for the history.
    pub async fn create_user(
        &self,
        by: &str,
        new: NewUser,
        now: Timestamp,
    ) -> Result<CreatedUser, AdminError> {
        check_name("user name", &new.name)?;
        check_name("tenant", &new.tenant)?;
        check_name("display name", &new.display_name)?;
        let password = accepted(new.password, &new.name)?;
        let hash = self.hasher.hash(password.clone()).await?;
        let _one_at_a_time = self.changing.lock().await;
        if self.store.user_by_name(&new.tenant, &new.name).await?.is_some() {
            return Err(AdminError::Exists(described(&new.name)));
        }
        let row = UserRow {
            id: random::id(),
            tenant: new.tenant,
            name: new.name,
            display_name: new.display_name,
            password: hash,
            active: true,
            created_at: now,
        };
        let id = row.id.clone();
        self.put_user(by, row, "create", now).await?;
        Ok(CreatedUser { id, password })
    }

    /// Gives a user another password (none: a generated one) and returns it.
    pub async fn set_password(
        &self,
        by: &str,
        (tenant, name): (&str, &str),
        password: Option<SecretString>,
        now: Timestamp,
    ) -> Result<SecretString, AdminError> {
        let password = accepted(password, name)?;
        let hash = self.hasher.hash(password.clone()).await?;
        let _one_at_a_time = self.changing.lock().await;
        let user = self.existing_user(tenant, name).await?;
        self.put_user(by, UserRow { password: hash, ..user }, "set-password", now).await?;
        self.throttle.free(Account::new(tenant, name));
        Ok(password)
    }

    /// Ends the delay that wrong guesses at a user's password have brought about.
    pub async fn unlock_user(
        &self,
        by: &str,
        tenant: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let user = self.existing_user(tenant, name).await?;
        let detail =
            json!({ "action": "unlock", "tenant": tenant, "user": user.name, "id": user.id });
        let history = audit::record(by, "user", &detail, now);
        self.write(Write::Audit { history }).await?;
        self.throttle.free(Account::new(tenant, name));
        Ok(())
    }

    /// Switches a user off: log-ins, refreshes and live tokens are refused from now on.
    pub async fn disable_user(
        &self,
        by: &str,
        tenant: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let user = self.existing_user(tenant, name).await?;
        self.put_user(by, UserRow { active: false, ..user }, "disable", now).await
    }

    /// Switches a user on again.
    pub async fn enable_user(
        &self,
        by: &str,
        tenant: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let user = self.existing_user(tenant, name).await?;
        self.put_user(by, UserRow { active: true, ..user }, "enable", now).await
    }

    /// The user with this name.
    pub(super) async fn existing_user(
        &self,
        tenant: &str,
        name: &str,
    ) -> Result<UserRow, AdminError> {
        self.store
            .user_by_name(tenant, name)
            .await?
            .ok_or_else(|| AdminError::Unknown(described(name)))
    }

    async fn put_user(
        &self,
        by: &str,
        user: UserRow,
        action: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let detail = json!({ "action": action, "tenant": user.tenant, "user": user.name, "id": user.id, "active": user.active });
        let name = described(&user.name);
        let write = Write::PutUser { user, history: audit::record(by, "user", &detail, now) };
        match self.write_principal(write).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => Err(AdminError::Exists(name)),
        }
    }
}

pub(super) fn accepted(
    chosen: Option<SecretString>,
    name: &str,
) -> Result<SecretString, AdminError> {
    match chosen {
        None => Ok(random::password()),
        Some(password) => {
            check(password.expose_secret(), name)?;
            Ok(password)
        }
    }
}

fn described(name: &str) -> String {
    format!("user `{}`", shortened(name))
}
