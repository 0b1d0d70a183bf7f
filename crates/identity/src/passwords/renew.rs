//! Hashes that were made with other parameters than today's are made anew when their password is there: at a log-in.

use super::argon2id;
use crate::audit;
use crate::identity::Identity;
use crate::model::{UserProfile, put};
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, UserRow, Write};
use secrecy::SecretString;
use serde_json::json;

impl Identity {
    /// Stores a hash of today's kind if the user's is another; sessions and tokens go on. A log-in does not fail because of it.
    pub(super) async fn renew_hash(&self, user: &UserRow, password: SecretString, now: Timestamp) {
        if argon2id::is_of_today(&user.password) {
            return;
        }
        let Ok(hash) = self.hasher.hash(password).await else { return };
        if let Err(error) = self.put_hash(user, hash, now).await {
            tracing::warn!(%error, user.id, "a password could not be hashed anew: the next log-in tries again");
        }
    }

    async fn put_hash(
        &self,
        user: &UserRow,
        hash: String,
        now: Timestamp,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let _one_at_a_time = self.changing.lock().await;
        let (tenant, id) = (user.tenant.as_str(), user.id.as_str());
        let current = self.store.user_by_id(tenant, id).await?;
        // Somebody else was faster: with a new hash, or with a new password.
        let Some(current) = current.filter(|current| current.password == user.password) else {
            return Ok(());
        };
        let profile = self.document::<UserProfile>(tenant, id).await?;
        // Every change of a password changes the profile: the guard keeps a newer one that another server has stored.
        let guard = profile.as_ref().map_or(Guard::Absent, |kept| Guard::Revision(kept.revision));
        let profile = profile.map(|kept| kept.value).unwrap_or_default();
        let documents = vec![put((tenant, id), &profile, None, None, guard)];
        let detail =
            json!({ "action": "renew-hash", "tenant": tenant, "user": user.name, "id": id });
        let history = audit::record(&user.name, "user", &detail, now);
        let with =
            Box::new(Write::PutUser { user: UserRow { password: hash, ..current }, history });
        match self.write_principal(Write::Change { documents, with }).await? {
            Outcome::Applied | Outcome::LostRace => Ok(()),
        }
    }
}
