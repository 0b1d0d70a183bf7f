//! What can be asked of a run.

use crate::run::node::{Gate, NodeRecord, NodeState};
use crate::run::step::Run;
use crate::status::Status;
use crate::time::Timestamp;

impl Run {
    pub fn state(&self, node: u32) -> NodeState {
        self.nodes.get(node as usize).map(|node| node.state).unwrap_or_default()
    }

    pub fn attempt(&self, node: u32) -> u32 {
        self.nodes.get(node as usize).map(|node| node.attempt).unwrap_or_default()
    }

    pub fn epoch(&self, node: u32) -> u32 {
        self.nodes.get(node as usize).map(|node| node.epoch).unwrap_or_default()
    }

    pub fn node_generation(&self, node: u32) -> u32 {
        self.nodes.get(node as usize).map(|node| node.generation).unwrap_or_default()
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

    /// Whether the choices left nothing over, so that it cannot start.
    pub fn has_nothing_to_run(&self) -> bool {
        self.unsettled == 0
    }

    /// Nodes with an attempt that has not ended, in no particular order (the executor must be asked about them after a
    /// restart of the server).
    pub fn unfinished(&self) -> impl Iterator<Item = u32> + '_ {
        self.active.iter().map(|active| active.node).filter(|node| self.state(*node).has_attempt())
    }

    /// All that is kept of a node, as it is now.
    pub fn record_of(&self, node: u32) -> NodeRecord {
        NodeRecord {
            node,
            state: self.state(node),
            generation: self.node_generation(node),
            attempt: self.attempt(node),
            epoch: self.epoch(node),
            wake_at: self.retry_at(node),
            started_at: self.started_at(node),
            ended_at: None,
        }
    }

    /// When [`Event::Tick`] is due next.
    ///
    /// [`Event::Tick`]: crate::run::Event::Tick
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Whether a restart would find something to do. A hold on a node that can never start is nothing: without the
    /// nodes before it, which it would need reopened, releasing it changes nothing.
    pub fn can_reopen(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| node.state.is_reopenable() && !(node.state == NodeState::Held && node.dead))
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// Pending, and some edge into it can never be met.
    pub(super) fn is_unreachable(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(super::node::Node::is_unreachable)
    }

    pub(super) fn edges_met(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(|node| node.unmet == 0)
    }

    pub(super) fn is_ready(&self, node: u32) -> bool {
        self.nodes
            .get(node as usize)
            .is_some_and(|node| node.state == NodeState::Waiting && node.unmet == 0)
    }

    pub(super) fn count_shown(&self, status: Status) -> u32 {
        self.shown_counts.get(status as usize).copied().unwrap_or_default()
    }

    pub(super) fn unsettled(&self) -> u32 {
        self.unsettled
    }
}
