//! What is kept of a session, and what others may know of it.

use crate::caller::CallerUser;
use crate::model::Document;
use dayend_engine::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A session as it is stored, under the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionDocument {
    /// Names the session in tokens: 32 hex digits, no secret.
    pub(crate) sid: String,
    pub(crate) tenant: String,
    pub(crate) user_id: String,
    /// In microseconds.
    pub(crate) began_at: i64,
    pub(crate) ends_at: i64,
}

impl Document for SessionDocument {
    const KIND: &'static str = "session";
}

impl SessionDocument {
    /// What sessions of one user have in common, for lists.
    pub(crate) fn parent_of(tenant: &str, user_id: &str) -> String {
        format!("{tenant}/{user_id}")
    }
}

/// A live session: its user exists, is active, and has kept the password since.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub tenant: String,
    pub user: CallerUser,
    pub display_name: String,
    /// Names the session in tokens.
    pub sid: String,
    /// When the password was given.
    pub began_at: Timestamp,
    pub ends_at: Timestamp,
    /// The id of its document.
    pub(crate) id: String,
}

impl Session {
    /// To what forms of this session are bound.
    pub fn binding(&self) -> &str {
        &self.id
    }

    /// `user@browser`, for the audit.
    pub(crate) fn actor(&self) -> String {
        format!("{}@browser", self.user.name)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session")
            .field("tenant", &self.tenant)
            .field("user", &self.user)
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}
