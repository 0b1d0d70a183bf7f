//! What is known of a person beside the name and the password.

use crate::model::{Document, Stamp};
use dayend_engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The profile of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserProfile {
    pub given_name: String,
    pub family_name: String,
    pub emails: Vec<Email>,
    pub phone: String,
    /// For example `en-US`.
    pub locale: String,
    /// For example `Europe/Paris`.
    pub timezone: String,
    pub title: String,
    pub external_id: String,
    pub middle_name: String,
    pub nick_name: String,
    pub user_type: String,
    pub preferred_language: String,
    pub description: String,
    pub stamp: Stamp,
    /// Sessions, refresh tokens and access tokens that began before this instant (in microseconds) are refused: the password
    /// changed, or the user was logged out everywhere.
    pub valid_from: i64,
    /// By client id: what an app got before this instant (in microseconds) is refused, because the user has taken it back.
    pub withdrawn: BTreeMap<String, i64>,
}

/// An address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Email {
    pub value: String,
    /// `work`, `home`, `recovery`, …
    pub kind: String,
    pub primary: bool,
}

impl UserProfile {
    /// Whether what began at `at` still counts.
    pub fn counts_since(&self, at: Timestamp) -> bool {
        at.0 >= self.valid_from
    }

    /// The same for what an app got.
    pub fn counts_for(&self, client_id: &str, at: Timestamp) -> bool {
        self.counts_since(at) && at >= self.withdrawn_from(client_id)
    }

    /// When the user last took back what the app had; long ago if never.
    pub fn withdrawn_from(&self, client_id: &str) -> Timestamp {
        Timestamp(self.withdrawn.get(client_id).copied().unwrap_or(i64::MIN))
    }
}

impl Document for UserProfile {
    const KIND: &'static str = "user-profile";
}
