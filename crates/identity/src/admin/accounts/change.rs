//! Changing users.

use super::{User, UserDraft, profile};
use crate::admin::difference::difference;
use crate::admin::last_administrator::Loss;
use crate::admin::rights::Holder;
use crate::admin::users::accepted;
use crate::admin::{AdminError, Administrator};
use crate::audit;
use crate::identity::Identity;
use crate::model::{Stamp, UserProfile, put};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Outcome, UserRow, Write};
use serde_json::{Value, json};

impl Identity {
    /// Changes a user; `user` is how it was when that was decided.
    pub async fn change_user(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        draft: UserDraft,
        now: Timestamp,
    ) -> Result<User, AdminError> {
        profile::check(&draft)?;
        let rights = self.rights_of(tenant, &Holder::User(user.id.clone())).await?;
        by.must_outrank(&rights, "user")?;
        if gives_access(user, &draft) {
            by.must_cover(&rights, "user")?;
        }
        self.store_user(by, tenant, user, (draft, "change"), now).await
    }

    /// As [`Identity::change_user`], for the own account: whoever it is has shown that already.
    pub async fn change_own_user(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        draft: UserDraft,
        now: Timestamp,
    ) -> Result<User, AdminError> {
        profile::check(&draft)?;
        self.store_user(by, tenant, user, (draft, "change-own"), now).await
    }

    pub(super) async fn store_user(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        (draft, action): (UserDraft, &str),
        now: Timestamp,
    ) -> Result<User, AdminError> {
        let name = format!("user `{}`", shortened(&draft.name));
        let hash = match &draft.password {
            None => None,
            Some(password) => {
                let password = accepted(Some(password.clone()), &draft.name)?;
                Some(self.hasher.hash(password).await?)
            }
        };
        let _one_at_a_time = self.changing.lock().await;
        if user.active && !draft.active {
            self.keep_an_administrator(tenant, &Loss::User(&user.id)).await?;
        }
        let row = self.store.user_by_id(tenant, &user.id).await?;
        let row = row.ok_or_else(|| AdminError::Raced(name.clone()))?;
        let detail = changed(tenant, user, &draft, hash.is_some(), action);
        let ended = hash.is_some() || (user.active && !draft.active);
        let row = UserRow {
            name: draft.name,
            display_name: draft.display_name,
            active: draft.active,
            password: hash.unwrap_or(row.password),
            ..row
        };
        let profile = UserProfile {
            stamp: Stamp {
                modified_by: by.author.clone(),
                modified_at: now.0,
                ..user.profile.stamp.clone()
            },
            // Whoever knew the old password, or was logged in before, is not any more.
            valid_from: if ended { now.0 } else { user.profile.valid_from },
            withdrawn: user.profile.withdrawn.clone(),
            ..draft.profile
        };
        let write = Write::Change {
            documents: vec![put((tenant, &user.id), &profile, None, None, user.guard())],
            with: Box::new(Write::PutUser {
                user: row,
                history: audit::record(&by.actor, "user", &detail, now),
            }),
        };
        match self.write_principal(write).await? {
            Outcome::Applied => {
                let changed = self.user(tenant, &user.id).await?;
                changed.ok_or(AdminError::Raced(name))
            }
            Outcome::LostRace => Err(self.why_not(tenant, user, name).await?),
        }
    }

    /// Why a change lost its race: the profile is another one by now, or else the name is taken.
    async fn why_not(
        &self,
        tenant: &str,
        user: &User,
        name: String,
    ) -> Result<AdminError, AdminError> {
        let now = self.user(tenant, &user.id).await?;
        let same = now.is_some_and(|now| now.guard() == user.guard());
        Ok(if same { AdminError::Exists(name) } else { AdminError::Raced(name) })
    }
}

/// Whether the change lets whoever makes it log in as the user: by the password, or by a mailed link.
fn gives_access(user: &User, draft: &UserDraft) -> bool {
    draft.password.is_some() || draft.profile.emails != user.profile.emails
}

fn changed(tenant: &str, user: &User, draft: &UserDraft, password: bool, action: &str) -> Value {
    json!({
        "action": action, "tenant": tenant, "user": draft.name, "id": user.id, "active": draft.active,
        "changed": difference(&user.told(), &draft.told()), "password_changed": password,
    })
}
