//! `/api/v1`: the log of an attempt.

use serde::{Deserialize, Serialize};

/// A piece of a log as JSON; bytes that are no UTF-8 show as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiLog {
    pub text: String,
    /// Where the next piece begins, in bytes.
    pub next_offset: u64,
    /// The attempt is over and this piece reaches the end of its log.
    pub complete: bool,
}
