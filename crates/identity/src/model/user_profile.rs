//! What is known of a person beside the name and the password.

use crate::model::{Document, Stamp};
use dayend_engine::time::Timestamp;
use serde::{Deserialize, Serialize};

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
}

impl Document for UserProfile {
    const KIND: &'static str = "user-profile";
}
