//! The one way in and the one way out: [`Executor`] and [`Reports`].

use dayend_engine::codes::{AttemptId, RunId, Scope};
use dayend_engine::definition::{Batch, ConnectionTarget, Spec};
use dayend_engine::params::Params;
use dayend_engine::time::{MisDate, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Everything an executor needs to make one attempt. Shares the definition; owns only what differs per attempt.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "an attempt has a number of its own among the generation's"
)]
pub struct Attempt {
    pub id: AttemptId,
    pub tenant: Arc<str>,
    /// Where its files are.
    pub scope: Arc<Scope>,
    pub run_id: RunId,
    pub mis_date: MisDate,
    /// The definition that the run is pinned to; the task is the one at `id.node`.
    pub batch: Arc<Batch>,
    /// When it was handed over, by what is on disk: the same after a server restart.
    pub dispatched_at: Timestamp,
    /// Counts from 1 within the generation.
    pub attempt: u32,
    /// Counts from 1; a restart opens the next.
    pub generation: u32,
    pub params: Params,
    /// The resolved connection of an `http` or `sql` task, or why there is none (the attempt then fails with it).
    pub connection: Option<Result<Arc<ConnectionTarget>, String>>,
    /// What [`Fact::Accepted`] said earlier; only set for [`Executor::adopt`].
    pub handle: Option<String>,
}

impl Attempt {
    /// The code of the task that is attempted.
    pub fn code(&self) -> &str {
        self.batch.tasks.code(self.id.node).expect("an attempt names a task of its own batch")
    }

    /// What the task says.
    pub fn spec(&self) -> Spec {
        self.batch.tasks.spec(self.id.node)
    }

    /// `<tenant>:<run>:<task>:<generation>`: the same for all retries of a generation.
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}:{}:{}", self.tenant, self.run_id, self.code(), self.generation)
    }
}

/// Makes attempts. No method blocks or fails: whatever happens is reported, exactly one [`Fact::Ended`] an attempt.
pub trait Executor: Send + Sync {
    /// Begins the attempt. Its dispatch is on disk already.
    fn start(&self, attempt: Attempt);
    /// Makes the attempt end: TERM, then KILL after the grace, for commands; cancel for the others. Unknown ids: ignored.
    fn stop(&self, id: AttemptId);
    /// After a server start: finds the attempt again, or makes sure that it can never start and reports
    /// [`Outcome::Void`], or reports [`Outcome::Lost`].
    fn adopt(&self, attempt: Attempt);
}

/// Where reports enter; every report carries the attempt's id and with it the fencing token.
pub trait Reports: Send + Sync {
    fn report(&self, report: Report);
}

/// What became known about an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub id: AttemptId,
    pub at: Timestamp,
    pub fact: Fact,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It left the executor's queue and really runs: its time-out counts from `Report::at`.
    Started,
    /// An HTTP endpoint answered 202: where to go on after a server restart (opaque to everybody else).
    Accepted { handle: String },
    /// The files that it had to do with; known before it ends.
    Files { files: Vec<FileNote> },
    /// It is over; nothing of it runs any more.
    Ended { outcome: Outcome, message: String },
}

/// A file that an attempt had to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    #[serde(rename = "use")]
    pub purpose: FileUse,
    /// As it is called in the file exchange.
    pub name: String,
    pub size_bytes: u64,
    /// In hex.
    pub sha256: String,
}

/// What an attempt did with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileUse {
    /// It waited for it.
    Awaited,
    /// It read it.
    In,
    /// It left it.
    Out,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Failed,
    /// Nobody knows: the executor vanished without a report.
    Lost,
    /// It provably never started, and now cannot start any more. Only [`Executor::adopt`] finds that out, so that it
    /// cannot happen again and again without a server start in between.
    Void,
}

/// The longest message that is kept of an attempt, in bytes; longer ones are cut and end in `…`.
pub const MESSAGE_MAX_BYTES: usize = 2000;
