//! The history, and what its check finds.

use super::groups::Partition;
use dayend_engine::codes::RunKey;
use dayend_engine::time::Timestamp;

/// One audit event. The store chains it: `hash = SHA-256(previous hash, all other columns)`, per partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRecord {
    pub run: Option<RunKey>,
    pub at: Timestamp,
    /// Who: `user@client`, or `dayend`.
    pub actor: String,
    /// What: `trigger`, `interrupt`, `step`, `apply`, `token`, …
    pub event: String,
    /// Compact JSON; never a secret.
    pub detail: String,
}

/// A history record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    pub partition: Partition,
    pub seq: i64,
    pub record: HistoryRecord,
    pub hash: [u8; 32],
}

/// The result of [`Store::verify`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub records: i64,
    pub runs: i64,
    /// Each a sentence; empty = all is well.
    pub defects: Vec<String>,
}
