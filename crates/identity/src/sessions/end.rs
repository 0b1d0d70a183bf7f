//! The end of a session: it is gone for every server when this returns.

use super::session::{Session, SessionDocument};
use crate::audit;
use crate::identity::Identity;
use crate::model::remove;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Write, WriteError};
use serde_json::json;

/// Sessions of one user that are looked through for one of them.
const LOOKED_THROUGH: u32 = 1000;

impl Identity {
    /// Ends a session.
    pub async fn end_session(&self, session: &Session, now: Timestamp) -> Result<(), WriteError> {
        let detail = json!({ "action": "end", "tenant": session.tenant, "user": session.user.name, "sid": session.sid });
        let history = audit::record(&session.actor(), "session", &detail, now);
        let documents = vec![remove::<SessionDocument>("", &session.id, Guard::Any)];
        let with = Box::new(Write::Audit { history });
        self.write(Write::Change { documents, with }).await.map(drop)
    }

    /// The live session of a user that tokens name so.
    pub(crate) async fn session_by_sid(
        &self,
        (tenant, user_id): (&str, &str),
        sid: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, dayend_store::port::StoreError> {
        let parent = SessionDocument::parent_of(tenant, user_id);
        let sessions =
            self.documents::<SessionDocument>("", Some(&parent), "", LOOKED_THROUGH).await?;
        let found = sessions.into_iter().find(|kept| kept.value.sid == sid);
        match found {
            None => Ok(None),
            Some(kept) => self.session_by_id(&kept.id, now).await,
        }
    }
}
