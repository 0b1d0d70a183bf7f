//! `id_token_hint`: whom an app thinks it is dealing with.

use crate::identity::Identity;
use crate::tokens::{Hint, read_hint};
use dayend_engine::time::Timestamp;

impl Identity {
    /// What an ID token of ours says, also after it has expired: it is a hint, no proof.
    pub(crate) fn hint(&self, token: &str, now: Timestamp) -> Option<Hint> {
        read_hint(&self.keys, &self.settings.issuer, token, now)
    }
}
