//! Who made something, and who changed it last.

use serde::{Deserialize, Serialize};

/// The makers of a user, app or group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stamp {
    pub created_by: Author,
    pub modified_by: Author,
    /// In microseconds; 0: nobody has changed it since it was made.
    pub modified_at: i64,
}

/// Who did something: a user, an app, or nobody who is known by an id (somebody on the machine itself).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Author {
    /// `User`, `App`, or empty.
    pub kind: String,
    pub id: String,
    pub name: String,
}
