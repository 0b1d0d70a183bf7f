//! What can be asked of a run.

use crate::run::node::{Gate, NodeRecord, NodeState};
use crate::run::step::Run;
use crate::status::Status;
use crate::time::Timestamp;

impl Run {
    pub fn state(&self, node: u32) -> NodeState {
        self.states.get(node as usize).copied().unwrap_or_default()
    }

    pub fn attempt(&self, node: u32) -> u32 {
        self.attempts.get(node as usize).copied().unwrap_or_default()
    }

    pub fn epoch(&self, node: u32) -> u32 {
        self.epochs.get(node as usize).copied().unwrap_or_default()
    }

    pub fn node_generation(&self, node: u32) -> u32 {
        self.generations.get(node as usize).copied().unwrap_or_default()
    }

    pub fn gate(&self) -> Gate {
        self.gate
    }

    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Attempts that have not ended (the executor must be asked about them after a restart of the server).
    pub fn unfinished(&self) -> impl Iterator<Item = u32> + '_ {
        self.active.keys().copied()
    }

    /// All that is kept of a node, as it is now.
    pub fn record_of(&self, node: u32) -> NodeRecord {
        let due = self
            .timers
            .iter()
            .find(|(_, waiting)| *waiting == node && self.state(node) == NodeState::Backoff);
        NodeRecord {
            node,
            state: self.state(node),
            generation: self.node_generation(node),
            attempt: self.attempt(node),
            epoch: self.epoch(node),
            wake_at: due.map(|(at, _)| *at),
            started_at: self.started_at(node),
            ended_at: None,
        }
    }

    /// When [`Event::Tick`] is due next.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Whether a restart would find something to do. A hold on a node that can never start is nothing: without the
    /// nodes before it, which it would need reopened, releasing it changes nothing.
    pub fn can_reopen(&self) -> bool {
        self.states
            .iter()
            .zip(&self.dead)
            .any(|(state, dead)| state.is_reopenable() && !(*state == NodeState::Held && *dead > 0))
    }

    pub(super) fn nodes(&self) -> u32 {
        u32::try_from(self.states.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn dead_edges(&self, node: u32) -> u32 {
        self.dead.get(node as usize).copied().unwrap_or_default()
    }

    pub(super) fn is_ready(&self, node: u32) -> bool {
        self.state(node) == NodeState::Waiting && self.edges_met(node)
    }

    pub(super) fn edges_met(&self, node: u32) -> bool {
        self.unmet.get(node as usize) == Some(&0)
    }

    pub(super) fn mirrored(&self, node: u32) -> Option<Status> {
        self.mirrors.get(node as usize).copied()
    }

    pub(super) fn count_shown(&self, status: Status) -> u32 {
        self.shown_counts.get(status as usize).copied().unwrap_or_default()
    }

    pub(super) fn unsettled(&self) -> u32 {
        self.unsettled
    }
}
