//! Making users.

use super::{User, UserDraft, profile};
use crate::admin::users::accepted;
use crate::admin::{AdminError, Administrator};
use crate::audit;
use crate::identity::Identity;
use crate::model::{Stamp, UserProfile, put};
use crate::random;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, UserRow, Write};
use serde_json::json;
use std::collections::BTreeMap;

impl Identity {
    /// Makes a user. Without a password nobody knows it: somebody has to give the user one before the first log-in.
    pub async fn register_user(
        &self,
        by: &Administrator,
        tenant: &str,
        draft: UserDraft,
        now: Timestamp,
    ) -> Result<User, AdminError> {
        profile::check(&draft)?;
        let told = draft.told();
        let password = accepted(draft.password, &draft.name)?;
        let hash = self.hasher.hash(password).await?;
        let _one_at_a_time = self.changing.lock().await;
        let name = format!("user `{}`", shortened(&draft.name));
        if self.store.user_by_name(tenant, &draft.name).await?.is_some() {
            return Err(AdminError::Exists(name));
        }
        let row = UserRow {
            id: random::id(),
            tenant: tenant.to_owned(),
            name: draft.name,
            display_name: draft.display_name,
            password: hash,
            active: draft.active,
            created_at: now,
        };
        let stamp = Stamp { created_by: by.author.clone(), ..Stamp::default() };
        let kept =
            UserProfile { stamp, valid_from: 0, withdrawn: BTreeMap::new(), ..draft.profile };
        let id = row.id.clone();
        let detail = json!({
            "action": "create", "tenant": tenant, "user": row.name, "id": id, "active": row.active, "set": told,
        });
        let history = audit::record(&by.actor, "user", &detail, now);
        let write = Write::Change {
            documents: vec![put((tenant, &id), &kept, None, None, Guard::Absent)],
            with: Box::new(Write::PutUser { user: row, history }),
        };
        match self.write_principal(write).await? {
            Outcome::Applied => {
                let made = self.user(tenant, &id).await?;
                made.ok_or(AdminError::Raced(name))
            }
            Outcome::LostRace => Err(AdminError::Exists(name)),
        }
    }
}
