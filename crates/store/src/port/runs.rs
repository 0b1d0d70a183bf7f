//! Runs, their tasks, and the idempotency keys that made them.

use super::definitions::VersionKey;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_engine::time::{MisDate, Timestamp};

/// A run as stored. All but `state` is fixed at creation.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    pub key: RunKey,
    pub run_id: RunId,
    pub scope: Scope,
    /// `Batch` or `BatchGroup`.
    pub kind: Kind,
    pub code: Code,
    pub mis_date: MisDate,
    pub version: VersionKey,
    /// The group run and the node in it, for a member.
    pub parent: Option<(RunKey, u32)>,
    pub rerun_of: Option<RunKey>,
    /// JSON of the run-time parameters.
    pub params: String,
    /// JSON of the choices at trigger.
    pub choices: String,
    pub triggered_by: String,
    pub created_at: Timestamp,
    pub state: RunState,
}

/// The part of a run that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The number of `engine::run::Gate`.
    pub gate: u8,
    /// An interrupt was accepted and no restart since.
    pub interrupted: bool,
    pub generation: u32,
    pub status: Status,
    /// Nothing runs and nothing can start.
    pub ended: bool,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// The new state of a run that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct RunChange {
    pub key: RunKey,
    pub state: RunState,
}

/// The state of one task or member; a node without a row is in its initial state.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    pub run: RunKey,
    pub node: u32,
    /// The number of `engine::run::NodeState`.
    pub state: u8,
    pub generation: u32,
    pub attempt: u32,
    pub epoch: u32,
    /// When a retry is due.
    pub wake_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What an asynchronous attempt needs to be followed after a server restart.
    pub handle: Option<String>,
    pub message: Option<String>,
    /// The files that its newest attempt had to do with, as JSON.
    pub files: Option<String>,
}

/// An idempotency key that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    pub tenant: String,
    pub client: String,
    pub verb: String,
    pub key: String,
    /// SHA-256 of the canonical request.
    pub body_hash: [u8; 32],
    /// JSON of what is needed to answer again.
    pub answer: String,
    pub at: Timestamp,
}
