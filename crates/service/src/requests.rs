//! What the faces ask for and what they get, free of any wire format.

use crate::definitions::SourceText;
use dayend_engine::codes::{Code, RunId, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::params::RunParams;
use dayend_engine::status::Status;
use dayend_engine::time::{MisDate, Timestamp};
pub use dayend_executor::port::{FileNote, FileUse};
use std::collections::BTreeMap;

/// The caller's key for a repeatable request, and the hash of what was asked (so that another body is noticed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub key: String,
    pub body_hash: [u8; 32],
}

/// Starts a batch or group.
#[derive(Clone, Debug)]
pub struct TriggerRequest {
    pub scope: Scope,
    /// As the caller wrote it; a text that is no code names nothing and is `NotFound`.
    pub code: String,
    /// `Batch` (`rest`) or `BatchGroup` (`group`).
    pub kind: Kind,
    /// Task codes, or batch codes for a group, as the caller wrote them.
    pub excluded: Vec<String>,
    pub held: Vec<String>,
    /// Non-empty: everything else is excluded.
    pub included: Vec<String>,
    /// The top-level date.
    pub mis_date: Option<MisDate>,
    pub params: TriggerParams,
    pub key: Option<IdempotencyKey>,
}

/// `dynamicParamList`, dates taken out.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerParams {
    Batch {
        mis_date: Option<MisDate>,
        params: RunParams,
    },
    /// By member batch code as written.
    Group(BTreeMap<String, MemberParams>),
}

/// The parameters of one member of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberParams {
    pub mis_date: Option<MisDate>,
    pub params: RunParams,
}

/// Which run a verb is for.
#[derive(Clone, Debug)]
pub struct RunRequest {
    pub scope: Scope,
    /// As the caller wrote it.
    pub run_id: String,
    /// `batchName`: must be the run's own if given (the interface requires it, `/api/v1` does not send it).
    pub code: Option<String>,
    pub key: Option<IdempotencyKey>,
}

/// An accepted trigger, restart, rerun or interrupt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub run_id: RunId,
    /// The answer was given before for the same key.
    pub replayed: bool,
}

/// The live verbs on one task (or member) of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskVerb {
    Hold,
    Release,
    Exclude,
    Include,
    ForceOk,
}

/// A live verb with its reason.
#[derive(Clone, Debug)]
pub struct TaskRequest {
    pub run: RunRequest,
    pub task: String,
    pub verb: TaskVerb,
    pub reason: String,
}

/// A run at one committed instant.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStatus {
    pub run_id: RunId,
    pub kind: Kind,
    pub code: Code,
    pub mis_date: MisDate,
    pub status: Status,
    pub ended: bool,
    /// Grows with every change; lets a caller wait for the next one.
    pub revision: u64,
    /// Tasks of a batch in definition order (all, or those asked for); empty for a group.
    pub tasks: Vec<TaskStatus>,
    /// Members of a group in definition order; empty for a batch.
    pub members: Vec<MemberStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskStatus {
    pub code: Code,
    pub status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberStatus {
    pub run_id: RunId,
    pub code: Code,
    pub status: Status,
}

/// A run with what an operator wants to see of each task.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDetail {
    pub status: RunStatus,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub triggered_by: String,
    pub parent: Option<RunId>,
    pub rerun_of: Option<RunId>,
    pub generation: u32,
    /// The definition version that the run is pinned to.
    pub version: i64,
    /// In the order of `status.tasks`.
    pub tasks: Vec<TaskDetail>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskDetail {
    pub attempt: u32,
    pub generation: u32,
    /// Number of attempts over all generations; names the log.
    pub epoch: u32,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub retry_at: Option<Timestamp>,
    /// How the newest attempt ended; of one that waits for a file, what it waits for.
    pub message: Option<String>,
    /// The files that the newest attempt had to do with.
    pub files: Vec<FileNote>,
}

/// A piece of an attempt's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPiece {
    pub bytes: Vec<u8>,
    /// Where the next piece begins.
    pub next_offset: u64,
    /// The attempt is over and this piece reaches its end.
    pub complete: bool,
}

/// Why a use case did not happen. Each has its code of the guide and its place in the problem catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `-5`: the scope does not exist or is not the caller's.
    #[error("the tenant, service or workspace in the headers does not exist or is not yours")]
    ForeignScope,
    /// `-1`, 403.
    #[error("{who} does not hold {function} in {scope}")]
    NotAllowed { who: String, function: String, scope: String },
    /// `-4`; `key` names the offending key of the request.
    #[error("`{key}`: {problem}")]
    Invalid { key: String, problem: String },
    /// `-3`
    #[error("{what} `{id}` does not exist")]
    NotFound { what: &'static str, id: String },
    /// `-6`
    #[error("{0}")]
    NothingToRun(String),
    /// `-7`
    #[error("run `{0}` is already interrupted")]
    AlreadyInterrupted(RunId),
    /// `-8`
    #[error("{0}")]
    WrongState(String),
    /// `-4`, strict 422: the idempotency key was used with another body.
    #[error("the idempotency key `{0}` was used before with another request")]
    KeyReused(String),
    /// 429 with `Retry-After`: the caller or the tenant asked more often than it may.
    #[error("there are too many requests of yours")]
    TooMany { retry_after_s: u64 },
    /// 503 with `Retry-After`: more is asked of the server than it can do; nothing was done.
    #[error("the server has too much to do")]
    Overloaded,
    /// 503 with `Retry-After`.
    #[error("the server cannot store this now: {0}")]
    Unavailable(String),
    /// `-4` with every defect of a definition.
    #[error("the definitions were refused")]
    BadDefinitions(Vec<Defect>),
}

/// One thing wrong with a definition document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The name of the file as sent.
    pub file: String,
    /// From 1; 0 if not known.
    pub line: u32,
    pub column: u32,
    /// `tasks[3].after[0]`; empty for a whole document.
    pub field: String,
    pub problem: String,
}

/// A definition file as sent to `apply`.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub name: String,
    pub text: SourceText,
}

/// What `apply` did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub changes: Vec<Change>,
    /// Undeclared placeholders and the like.
    pub warnings: Vec<Defect>,
    pub dry_run: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: Kind,
    pub code: Code,
    /// 0: it was not there.
    pub from_version: i64,
    /// Equal to `from_version`: unchanged.
    pub to_version: i64,
    /// A unified difference of the exported texts; empty if unchanged.
    pub diff: String,
}
