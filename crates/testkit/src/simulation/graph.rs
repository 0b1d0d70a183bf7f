//! A definition as the checks see it: edges and rules, looked at from scratch each time, without the engine's help.

use dayend_engine::definition::{Definition, Edge, On, OnLost, Task};
use dayend_engine::run::{Gate, NodeState};
use dayend_engine::status::Status;
use dayend_service::stored::StoredChoices;
use std::collections::BTreeSet;

#[derive(Debug)]
pub(super) struct Graph {
    pub is_group: bool,
    pub nodes: Vec<GraphNode>,
}

#[derive(Debug)]
pub(super) struct GraphNode {
    pub code: String,
    pub after: Vec<(usize, On)>,
    pub retries: u32,
    pub retry_if_lost: bool,
    pub has_time_out: bool,
}

/// What an edge is worth now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    Met,
    Dead,
    Open,
}

impl Graph {
    pub(super) fn of(definition: &Definition) -> Self {
        match definition {
            Definition::Batch(batch) => {
                let tasks: Vec<Task> = batch.tasks.iter().collect();
                let codes: Vec<&str> = tasks.iter().map(|task| task.code.as_str()).collect();
                let nodes = tasks.iter().map(|task| GraphNode {
                    code: task.code.to_string(),
                    after: edges(&codes, &task.after),
                    retries: task.retries.max,
                    retry_if_lost: task.on_lost == OnLost::Retry,
                    has_time_out: task.timeout_ms.is_some(),
                });
                Self { is_group: false, nodes: nodes.collect() }
            }
            Definition::BatchGroup(group) => {
                let codes: Vec<&str> =
                    group.members.iter().map(|member| member.batch.as_str()).collect();
                let nodes = group.members.iter().map(|member| GraphNode {
                    code: member.batch.to_string(),
                    after: edges(&codes, &member.after),
                    retries: 0,
                    retry_if_lost: false,
                    has_time_out: false,
                });
                Self { is_group: true, nodes: nodes.collect() }
            }
            Definition::Connection(_) => Self { is_group: false, nodes: Vec::new() },
        }
    }

    /// Where each node begins: excluded wins over held, held over included.
    pub(super) fn initial(&self, choices: &StoredChoices) -> Vec<NodeState> {
        let state = |node: &GraphNode| {
            if choices.excluded.contains(&node.code) {
                NodeState::Excluded
            } else if choices.held.contains(&node.code) {
                NodeState::Held
            } else if choices.included.is_empty() || choices.included.contains(&node.code) {
                NodeState::Waiting
            } else {
                NodeState::Excluded
            }
        };
        self.nodes.iter().map(state).collect()
    }

    /// The pending nodes that can never start.
    pub(super) fn unreachable(&self, states: &[NodeState]) -> BTreeSet<usize> {
        let mut gone = BTreeSet::new();
        loop {
            let before = gone.len();
            for (at, node) in self.nodes.iter().enumerate() {
                let dead =
                    |(from, on): &(usize, On)| worth(*from, *on, states, &gone) == Worth::Dead;
                if state_of(states, at).is_pending() && node.after.iter().any(dead) {
                    gone.insert(at);
                }
            }
            if gone.len() == before {
                return gone;
            }
        }
    }

    /// Whether everything before a node is done in the way that its edges want.
    pub(super) fn all_met(&self, node: usize, states: &[NodeState]) -> bool {
        let gone = self.unreachable(states);
        let met = |(from, on): &(usize, On)| worth(*from, *on, states, &gone) == Worth::Met;
        self.nodes.get(node).is_some_and(|node| node.after.iter().all(met))
    }

    /// What callers see of each node. `members`: the statuses of a group's member runs.
    pub(super) fn shown(&self, states: &[NodeState], members: &[Status]) -> Vec<Status> {
        let gone = self.unreachable(states);
        let shown = |(at, state): (usize, &NodeState)| match state {
            NodeState::Held if gone.contains(&at) => Status::NotStarted,
            NodeState::Running if self.is_group => {
                members.get(at).copied().unwrap_or(Status::OnGoing)
            }
            NodeState::Waiting => Status::NotStarted,
            NodeState::Held => Status::Held,
            NodeState::Excluded => Status::Excluded,
            NodeState::Running
            | NodeState::Stopping
            | NodeState::Recycling
            | NodeState::Backoff => Status::OnGoing,
            NodeState::Successful => Status::Successful,
            NodeState::Failed => Status::Failed,
            NodeState::Interrupted => Status::Interrupted,
            NodeState::Aborted => Status::Aborted,
        };
        states.iter().enumerate().map(shown).collect()
    }

    /// The status of the run and whether it has ended by itself.
    pub(super) fn roll_up(
        &self,
        gate: Gate,
        states: &[NodeState],
        shown: &[Status],
    ) -> (Status, bool) {
        match gate {
            Gate::Waiting => return (Status::NotStarted, false),
            Gate::Held => return (Status::Held, false),
            Gate::Excluded => return (Status::Excluded, true),
            Gate::Open => {}
        }
        let gone = self.unreachable(states);
        let counted: BTreeSet<Status> = shown
            .iter()
            .enumerate()
            .filter(|(at, _)| !gone.contains(at))
            .map(|(_, status)| *status)
            .collect();
        let open = |(at, state): (usize, &NodeState)| {
            state.is_active() || (state.is_pending() && !gone.contains(&at))
        };
        let ended = !states.iter().enumerate().any(open);
        let rank = [
            Status::OnGoing,
            Status::Interrupted,
            Status::Failed,
            Status::Aborted,
            Status::Held,
            Status::NotStarted,
            Status::Successful,
            Status::Excluded,
        ];
        let first = rank.into_iter().find(|status| counted.contains(status));
        (first.unwrap_or(Status::Successful), ended)
    }
}

fn edges(codes: &[&str], after: &[Edge]) -> Vec<(usize, On)> {
    let find = |code: &str| codes.iter().position(|known| *known == code);
    after.iter().filter_map(|edge| find(edge.task.as_str()).map(|from| (from, edge.on))).collect()
}

fn state_of(states: &[NodeState], at: usize) -> NodeState {
    states.get(at).copied().unwrap_or_default()
}

fn worth(from: usize, on: On, states: &[NodeState], gone: &BTreeSet<usize>) -> Worth {
    let state = state_of(states, from);
    if state.is_active() || (state.is_pending() && !gone.contains(&from)) {
        return Worth::Open;
    }
    let met = match on {
        On::End => true,
        On::Success => matches!(state, NodeState::Successful | NodeState::Excluded),
        On::Failure => matches!(state, NodeState::Failed | NodeState::Aborted),
    };
    if met { Worth::Met } else { Worth::Dead }
}
