//! The session behind a cookie.

use super::cookie;
use super::session::{Session, SessionDocument};
use crate::caller::CallerUser;
use crate::identity::Identity;
use crate::model::Kept;
use dayend_engine::time::Timestamp;
use dayend_store::port::StoreError;
use secrecy::{ExposeSecret as _, SecretString};

impl Identity {
    /// The live session behind a cookie, and the cookie to replace it with: it says that the session was used now.
    pub async fn session(
        &self,
        cookie: &SecretString,
        now: Timestamp,
    ) -> Result<Option<(Session, SecretString)>, StoreError> {
        let idle_s = self.settings.session_idle_s;
        let Some(secret) = cookie::read(&self.keys, cookie.expose_secret(), idle_s, now) else {
            return Ok(None);
        };
        let session =
            self.session_by_id(&self.keys.server.secret_id("session", secret), now).await?;
        Ok(session.map(|session| (session, cookie::written(&self.keys, secret, now))))
    }

    /// The session with this id, if it is alive.
    pub(crate) async fn session_by_id(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let Some(kept) = self.document::<SessionDocument>("", id).await? else { return Ok(None) };
        self.alive(kept, now).await
    }

    /// Nothing is remembered here: what a session rests on is looked up each time.
    async fn alive(
        &self,
        kept: Kept<SessionDocument>,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let Kept { id, value, .. } = kept;
        let (began_at, ends_at) = (Timestamp(value.began_at), Timestamp(value.ends_at));
        if now >= ends_at {
            return Ok(None);
        }
        let user = self.store.user_by_id(&value.tenant, &value.user_id).await?;
        let Some(user) = user.filter(|user| user.active) else { return Ok(None) };
        let profile = self.user_profile(&value.tenant, &value.user_id).await?;
        if !profile.counts_since(began_at) {
            return Ok(None);
        }
        Ok(Some(Session {
            tenant: value.tenant,
            user: CallerUser { id: user.id, name: user.name },
            display_name: user.display_name,
            sid: value.sid,
            began_at,
            ends_at,
            id,
        }))
    }
}
