//! What can happen to a run, what follows, and what is refused.

use crate::run::node::{Gate, NodeRecord, NodeState};
use crate::status::Status;
use crate::time::Timestamp;

/// A command or a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The run begins: once, right after it was made.
    Start,
    /// To a member: its group decided. `reopen` restarts what is not successful first.
    Gate {
        gate: Gate,
        reopen: bool,
    },
    Interrupt,
    /// `members`: in a group, the open nodes whose member runs have something to reopen.
    Restart {
        members: &'a [u32],
    },
    /// In a group: one member alone is restarted.
    RestartMember {
        node: u32,
    },
    Verb {
        node: u32,
        verb: TaskVerb,
    },
    /// To a member: all its unsuccessful tasks are set to OK.
    ForceAll,
    /// An attempt really runs since `now`.
    Started {
        node: u32,
        epoch: u32,
    },
    /// An attempt is over.
    Ended {
        node: u32,
        epoch: u32,
        outcome: Outcome,
    },
    /// The time asked for by [`Effect::WakeAt`] has come.
    Tick,
    /// To a group: what a member run is now.
    Member {
        node: u32,
        status: Status,
        ended: bool,
    },
}

/// The verbs on one task or member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskVerb {
    Hold,
    Release,
    Exclude,
    Include,
    ForceOk,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Failed,
    /// Its executor vanished without a report.
    Lost,
    /// It provably never started, and never will.
    Void,
}

/// What is to be done after the transition is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Begin an attempt.
    Dispatch { node: u32, epoch: u32, attempt: u32, generation: u32 },
    /// Make an attempt end.
    Stop { node: u32, epoch: u32 },
    /// Send [`Event::Tick`] at this time.
    WakeAt(Timestamp),
    /// Step the member run of this node with [`Event::Gate`], in the same commit.
    Gate { node: u32, gate: Gate, reopen: bool },
    /// Step the member run with [`Event::Interrupt`], in the same commit.
    InterruptMember { node: u32 },
    /// Step the member run with [`Event::ForceAll`], in the same commit.
    ForceMember { node: u32 },
}

/// What one step changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    /// The nodes as they are now, each change in order; the last record of a node counts.
    pub nodes: Vec<NodeRecord>,
    pub effects: Vec<Effect>,
    /// Nodes that may show something else now, beside those in `nodes`.
    pub touched: Vec<u32>,
    /// The report was for an attempt that was to be stopped because its time was up.
    pub timed_out: bool,
}

impl Transition {
    /// Empties it for the next step, keeping its memory.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.effects.clear();
        self.touched.clear();
        self.timed_out = false;
    }
}

/// Why an event changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("nothing is left to run")]
    NothingToRun,
    #[error("nothing can be restarted: no task is failed, interrupted, aborted or held")]
    NothingToReopen,
    #[error("the run is already interrupted")]
    AlreadyInterrupted,
    #[error("the run has ended")]
    RunEnded,
    #[error("it is {state:?}, and only {allowed} can take this verb")]
    WrongState { state: NodeState, allowed: &'static str },
    #[error("the run has no such task")]
    NoSuchNode,
    #[error("the attempt that reports is not the newest")]
    Stale,
    #[error("its group is interrupted and what it waits for is not done: restart the group")]
    GroupInterrupted,
}
