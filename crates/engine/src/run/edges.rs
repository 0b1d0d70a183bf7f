//! Which edges are met, which can never be, and which nodes follow from that.

use crate::definition::On;
use crate::plan::Plan;
use crate::run::node::NodeState;
use crate::run::step::Run;

/// What a settled node means for an edge that leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Firing {
    Met,
    /// Not now, and not unless the node is reopened.
    Dead,
}

/// `unreachable`: the node is pending and can never start; only its `end` edges fire.
fn firing(on: On, state: NodeState, unreachable: bool) -> Firing {
    let met = match on {
        On::End => true,
        On::Success => matches!(state, NodeState::Successful | NodeState::Excluded),
        On::Failure => matches!(state, NodeState::Failed | NodeState::Aborted),
    };
    if met && (on == On::End || !unreachable) { Firing::Met } else { Firing::Dead }
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
                let before_dead = self.dead_edges(edge.to);
                match firing(edge.on, state, unreachable) {
                    Firing::Met => self.count_met(edge.to),
                    Firing::Dead => self.count_dead(edge.to),
                }
                let pending = self.state(edge.to).is_pending();
                if pending && before_dead == 0 && self.dead_edges(edge.to) > 0 {
                    work.push(edge.to);
                    self.touched.push(edge.to);
                } else if self.is_ready(edge.to) {
                    self.ready.push(edge.to);
                }
            }
        }
        self.settling = work;
    }

    /// Counts all edges again from the nodes' states; finds everything that is ready. For verbs and recovery only.
    pub(super) fn recount(&mut self, plan: &Plan) {
        self.reset_counts(plan);
        for node in 0..plan.len() {
            if self.state(node).is_settled() {
                self.propagate(plan, node);
            }
        }
        self.find_ready(plan);
        for node in 0..plan.len() {
            if self.state(node) == NodeState::Held {
                self.touched.push(node);
            }
        }
    }
}
