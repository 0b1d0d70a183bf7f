//! Groups as they are kept: the group, its name, and a document for each member.

use crate::model::{Document, Stamp};
use serde::{Deserialize, Serialize};

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GroupRecord {
    pub(crate) display_name: String,
    pub(crate) external_id: String,
    pub(crate) description: String,
    /// In microseconds.
    pub(crate) created_at: i64,
    pub(crate) stamp: Stamp,
}

impl Document for GroupRecord {
    const KIND: &'static str = "group";
}

/// Whose a name is. Its id is the name in lower case, so that two groups cannot have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GroupName {
    pub(crate) group: String,
}

impl Document for GroupName {
    const KIND: &'static str = "group-name";
}

/// That somebody is in a group: its id names the group and the member, its parent is the member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Membership {
    pub(crate) group: String,
    pub(crate) member: String,
    /// In microseconds.
    pub(crate) since: i64,
}

impl Membership {
    /// The beginning of the ids of all members of a group.
    pub(crate) fn prefix(group: &str) -> String {
        format!("{group}/")
    }

    /// The id for a member.
    pub(crate) fn id(group: &str, member: &str) -> String {
        format!("{group}/{member}")
    }
}

impl Document for Membership {
    const KIND: &'static str = "membership";
}
