//! What `init` prints and writes to `profile.json`: how to reach the new server and how to log in.

use serde::Serialize;
use std::fmt;

/// A profile: client commands find their server by it.
#[derive(Serialize)]
pub(crate) struct Profile {
    pub(crate) base_url: String,
    pub(crate) tenant: String,
    pub(crate) service: String,
    pub(crate) workspace: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) ca_file: String,
}

impl fmt::Debug for Profile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Profile")
            .field("base_url", &self.base_url)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Profile {
    /// One JSON object on one line.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a struct of strings is always JSON")
    }

    /// For people.
    pub(super) fn to_text(&self) -> String {
        let rows = [
            ("base URL", &self.base_url),
            ("tenant", &self.tenant),
            ("service", &self.service),
            ("workspace", &self.workspace),
            ("user", &self.user),
            ("password", &self.password),
            ("client id", &self.client_id),
            ("client secret", &self.client_secret),
            ("CA file", &self.ca_file),
        ];
        rows.map(|(name, value)| format!("{name:<14} {value}")).join("\n")
    }
}
