//! Which edges are met, which can never be, and which nodes follow from that.

use crate::definition::On;
use crate::plan::Plan;
use crate::run::node::NodeState;
use crate::run::step::Run;

/// What a settled node means for an edge that leaves it. Without it the edge is not met now, and never will be unless the
/// node is reopened. `unreachable`: the node is pending and can never start; only its `end` edges fire.
fn fires(on: On, state: NodeState, unreachable: bool) -> bool {
    match on {
        On::End => true,
        On::Success => !unreachable && matches!(state, NodeState::Successful | NodeState::Excluded),
        On::Failure => !unreachable && matches!(state, NodeState::Failed | NodeState::Aborted),
    }
}

impl Run {
    /// Tells the successors of a node that has just settled; starts what became ready.
    /// Work is proportional to the out-edges of the nodes that settle.
    pub(super) fn propagate(&mut self, plan: &Plan, settled: u32) {
        let mut work = std::mem::take(&mut self.settling);
        work.push(settled);
        while let Some(node) = work.pop() {
            let state = self.state(node);
            let unreachable = state.is_pending();
            for edge in plan.out_edges(node) {
                if fires(edge.on, state, unreachable) {
                    self.meet(edge.to);
                } else if self.cut_off(edge.to) {
                    work.push(edge.to);
                    self.touched.push(edge.to);
                }
            }
        }
        self.settling = work;
    }

    /// One more edge into the node is met.
    fn meet(&mut self, to: u32) {
        let Some(node) = self.nodes.get_mut(to as usize) else { return };
        node.unmet = node.unmet.saturating_sub(1);
        if node.unmet == 0 && node.state == NodeState::Waiting {
            self.ready.push(to);
        }
    }

    /// An edge into the node can never be met. True if the node can no longer start for that reason.
    fn cut_off(&mut self, to: u32) -> bool {
        let Some(node) = self.nodes.get(to as usize) else { return false };
        let first = !node.dead;
        self.recounted(to, |node| node.dead = true);
        first && self.is_unreachable(to)
    }

    /// Counts all edges again from the nodes' states; finds everything that is ready. For verbs and recovery only.
    pub(super) fn recount(&mut self, plan: &Plan) {
        self.reset_counts(plan);
        for node in 0..plan.len() {
            if self.state(node).is_settled() {
                self.propagate(plan, node);
            }
        }
        self.find_ready();
        for node in 0..plan.len() {
            if self.state(node) == NodeState::Held {
                self.touched.push(node);
            }
        }
    }
}
