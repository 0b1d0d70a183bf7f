//! What a run or task is said to be: the strings and codes that go on the wire.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of a run or task as callers see it (guide, table 1-1, and the monitor's spellings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Status {
    #[serde(rename = "NOT-STARTED")]
    NotStarted = 0,
    #[serde(rename = "ON-GOING")]
    OnGoing = 1,
    #[serde(rename = "SUCCESSFUL")]
    Successful = 2,
    #[serde(rename = "FAILED")]
    Failed = 3,
    #[serde(rename = "INTERRUPTED")]
    Interrupted = 4,
    #[serde(rename = "ABORTED")]
    Aborted = 5,
    #[serde(rename = "EXCLUDED")]
    Excluded = 6,
    #[serde(rename = "HELD")]
    Held = 7,
}

impl Status {
    /// All statuses, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::NotStarted,
        Self::OnGoing,
        Self::Successful,
        Self::Failed,
        Self::Interrupted,
        Self::Aborted,
        Self::Excluded,
        Self::Held,
    ];

    /// The monitor's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NOT-STARTED",
            Self::OnGoing => "ON-GOING",
            Self::Successful => "SUCCESSFUL",
            Self::Failed => "FAILED",
            Self::Interrupted => "INTERRUPTED",
            Self::Aborted => "ABORTED",
            Self::Excluded => "EXCLUDED",
            Self::Held => "HELD",
        }
    }

    /// The guide's status code.
    pub fn code(self) -> i8 {
        match self {
            Self::NotStarted => 1,
            Self::OnGoing => 2,
            Self::Successful => 0,
            Self::Failed => -1,
            Self::Interrupted => -2,
            Self::Aborted => 3,
            Self::Excluded => 4,
            Self::Held => 5,
        }
    }

    /// The status whose number (not code) is `number`.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}
