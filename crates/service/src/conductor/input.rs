//! What enters the conductor and what it answers.

use crate::compiled::Compiled;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::params::RunParams;
use dayend_engine::run::{Choices, Rejected, TaskVerb};
use dayend_engine::time::MisDate;
use dayend_executor::port::Report;
use dayend_store::port::{ClaimRow, Outcome, Write};
use std::sync::Arc;

/// A command from a caller.
#[derive(Debug)]
pub enum Command {
    Create(Box<Create>),
    Verb(Box<VerbCommand>),
    /// A write that is not a run's: identity's and definitions'.
    Foreign(Box<Write>),
    /// Changes nothing: answered when everything that was reported before is on disk.
    Flush,
}

/// A run to make, and its members if it is a group.
#[derive(Debug)]
pub struct Create {
    pub scope: Scope,
    pub kind: Kind,
    pub code: Code,
    pub mis_date: MisDate,
    pub compiled: Arc<Compiled>,
    pub params: RunParams,
    pub choices: Choices,
    /// As they are stored.
    pub params_json: String,
    pub choices_json: String,
    pub members: Vec<CreateMember>,
    pub rerun_of: Option<RunKey>,
    pub actor: String,
    /// `trigger` or `rerun`.
    pub event: &'static str,
    /// Its `answer` is filled in with the run id.
    pub claim: Option<ClaimRow>,
}

/// A member run to make with its group.
#[derive(Debug)]
pub struct CreateMember {
    pub code: Code,
    pub mis_date: MisDate,
    pub compiled: Arc<Compiled>,
    pub params: RunParams,
    pub params_json: String,
}

/// A verb on a run that exists.
#[derive(Clone, Debug)]
pub struct VerbCommand {
    pub run: RunKey,
    pub verb: RunVerb,
    pub actor: String,
    pub reason: Option<String>,
    pub claim: Option<ClaimRow>,
}

/// The verbs on runs and tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunVerb {
    Interrupt,
    Restart,
    Task { node: u32, verb: TaskVerb },
}

impl RunVerb {
    /// The word in the audit.
    pub fn event(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Restart => "restart",
            Self::Task { verb: TaskVerb::Hold, .. } => "hold",
            Self::Task { verb: TaskVerb::Release, .. } => "release",
            Self::Task { verb: TaskVerb::Exclude, .. } => "exclude",
            Self::Task { verb: TaskVerb::Include, .. } => "include",
            Self::Task { verb: TaskVerb::ForceOk, .. } => "force-ok",
        }
    }
}

/// The answer to a command, given after the commit that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Created(RunId),
    Done,
    Rejected(Rejected),
    /// The idempotency key was taken in the meantime: look it up again.
    Raced,
    Written(Outcome),
    /// The change could not be stored; nothing of it happened.
    NotStored(String),
    /// It is not known yet whether the change was stored: all of it happened, or nothing.
    InDoubt(String),
}

/// Anything that the conductor's core folds in.
#[derive(Debug)]
pub enum Input<R> {
    Command(Command, R),
    Report(Report),
}
