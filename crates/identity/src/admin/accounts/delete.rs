//! Deleting users.

use super::User;
use crate::admin::groups::Membership;
use crate::admin::last_administrator::Loss;
use crate::admin::rights::Holder;
use crate::admin::{AdminError, Administrator};
use crate::audit;
use crate::identity::Identity;
use crate::model::{UserProfile, remove};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, Outcome, Write};
use serde_json::json;

impl Identity {
    /// Takes a user away with all that it held; the name is free again.
    pub async fn delete_user(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let holder = Holder::User(user.id.clone());
        by.must_outrank(&self.rights_of(tenant, &holder).await?, "user")?;
        self.keep_an_administrator(tenant, &Loss::User(&user.id)).await?;
        let mut documents = self.leave_all_groups(tenant, &holder).await?;
        documents.push(remove::<UserProfile>(tenant, &user.id, Guard::Any));
        // First the rights: whatever happens in between, nobody holds more than before.
        self.take_everything(by, tenant, &holder, now).await?;
        let detail =
            json!({ "action": "delete", "tenant": tenant, "user": user.name, "id": user.id });
        let write = Write::Change {
            documents,
            with: Box::new(Write::DeleteUser {
                tenant: tenant.to_owned(),
                id: user.id.clone(),
                history: audit::record(&by.actor, "user", &detail, now),
            }),
        };
        match self.write_principal(write).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => {
                Err(AdminError::Unknown(format!("user `{}`", shortened(&user.name))))
            }
        }
    }

    /// What takes somebody out of all groups.
    pub(in crate::admin) async fn leave_all_groups(
        &self,
        tenant: &str,
        holder: &Holder,
    ) -> Result<Vec<DocumentChange>, AdminError> {
        let member = holder.text();
        let groups = self.group_ids_of(tenant, &member).await?;
        let leave = |group: &String| {
            remove::<Membership>(tenant, &Membership::id(group, &member), Guard::Any)
        };
        Ok(groups.iter().map(leave).collect())
    }
}
