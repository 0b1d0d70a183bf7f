//! Attempts that have not ended and retries that are due: dense, and found from their node in one step.

use crate::run::node::NodeState;
use crate::run::step::Run;
use crate::time::Timestamp;

/// What is remembered of a node while an attempt lasts, or until the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) node: u32,
    pub(super) timed_out: bool,
    pub(super) started_at: Timestamp,
    /// When its time is up, or when the retry is due: then it stands in the timers too.
    pub(super) due: Option<Timestamp>,
}

/// The place of a node that has none.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Run {
    /// Remembers an attempt or a retry, in place of what was remembered of the node.
    pub(super) fn activate(&mut self, active: Active) {
        self.deactivate(active.node);
        let place = u32::try_from(self.active.len()).unwrap_or(NOWHERE);
        self.put_at(active.node, place);
        self.timers.extend(active.due.map(|due| (due, active.node)));
        self.active.push(active);
    }

    /// Forgets what was remembered of the node, and its timer.
    pub(super) fn deactivate(&mut self, node: u32) -> Option<Active> {
        let place = self.place_of(node)?;
        self.put_at(node, NOWHERE);
        let active = self.active.swap_remove(place);
        if let Some(due) = active.due {
            self.timers.remove(&(due, node));
        }
        if let Some(moved) = self.active.get(place).map(|moved| moved.node) {
            self.put_at(moved, u32::try_from(place).unwrap_or(NOWHERE));
        }
        Some(active)
    }

    /// Sets when the node is due next.
    pub(super) fn set_due(&mut self, node: u32, due: Timestamp) {
        let Some(place) = self.place_of(node) else { return };
        let earlier = self.active.get_mut(place).and_then(|active| active.due.replace(due));
        if let Some(earlier) = earlier {
            self.timers.remove(&(earlier, node));
        }
        self.timers.insert((due, node));
    }

    pub(super) fn active(&self, node: u32) -> Option<&Active> {
        self.place_of(node).and_then(|place| self.active.get(place))
    }

    pub(super) fn active_mut(&mut self, node: u32) -> Option<&mut Active> {
        self.place_of(node).and_then(|place| self.active.get_mut(place))
    }

    /// When the attempt that has not ended was dispatched.
    pub(super) fn started_at(&self, node: u32) -> Option<Timestamp> {
        let has_attempt = self.state(node).has_attempt();
        self.active(node).filter(|_| has_attempt).map(|active| active.started_at)
    }

    /// When the next attempt is due.
    pub(super) fn retry_at(&self, node: u32) -> Option<Timestamp> {
        let waits = self.state(node) == NodeState::Backoff;
        self.active(node).filter(|_| waits).and_then(|active| active.due)
    }

    fn place_of(&self, node: u32) -> Option<usize> {
        let place = self.nodes.get(node as usize)?.place;
        if place == NOWHERE { None } else { Some(place as usize) }
    }

    fn put_at(&mut self, node: u32, place: u32) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.place = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Active;
    use crate::plan::OutEdge;
    use crate::run::node::Node;

    /// A plan has `out_starts`, `in_counts`, `policy_of` and `by_code`.
    const IN_PLAN: usize = 4 * size_of::<u32>();
    /// Ready, settling and touched hold each node at most once.
    const IN_BUFFERS: usize = 3 * size_of::<u32>();

    #[test]
    fn a_task_takes_at_most_64_bytes_beyond_its_definition() {
        let waiting = size_of::<Node>() + IN_PLAN + size_of::<OutEdge>() + IN_BUFFERS;
        assert!(waiting <= 64, "{waiting}");
        let running = size_of::<Node>() + size_of::<Active>();
        assert!(running <= 64, "{running}");
    }
}
