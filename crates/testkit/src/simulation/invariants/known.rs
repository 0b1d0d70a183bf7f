//! A run as the history tells it.

use crate::simulation::graph::Graph;
use dayend_engine::codes::{RunId, RunKey};
use dayend_engine::run::{Gate, NodeState};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_service::stored::StoredChoices;
use dayend_store::port::{NodeRow, RunRow, RunState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A run, replayed from its records.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct Known {
    pub run_id: RunId,
    pub graph: Arc<Graph>,
    pub parent: Option<(RunKey, u32)>,
    pub members: Vec<RunKey>,
    pub state: RunState,
    pub nodes: Vec<NodeNow>,
    pub rows: BTreeMap<u32, NodeRow>,
    /// An interrupt was accepted and no restart since.
    pub bound: bool,
    /// (node, generation) → retries in it.
    pub retries: BTreeMap<(u32, u32), u32>,
}

/// A task or member as its last record has it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::simulation) struct NodeNow {
    pub state: NodeState,
    pub generation: u32,
    pub attempt: u32,
    pub epoch: u32,
    pub wake_at: Option<Timestamp>,
}

impl Known {
    pub(super) fn new(row: &RunRow, graph: Arc<Graph>) -> Result<Self, String> {
        let choices: StoredChoices =
            serde_json::from_str(&row.choices).map_err(|error| error.to_string())?;
        let initial = graph.initial(&choices);
        let node = |state| NodeNow { state, generation: 1, ..NodeNow::default() };
        Ok(Self {
            run_id: row.run_id.clone(),
            nodes: initial.into_iter().map(node).collect(),
            graph,
            parent: row.parent,
            members: Vec::new(),
            state: row.state.clone(),
            rows: BTreeMap::new(),
            bound: false,
            retries: BTreeMap::new(),
        })
    }

    pub(in crate::simulation) fn states(&self) -> Vec<NodeState> {
        self.nodes.iter().map(|node| node.state).collect()
    }

    pub(super) fn gate(&self) -> Gate {
        Gate::from_number(self.state.gate).unwrap_or_default()
    }

    /// Status and whether it ended by itself, from nothing but the nodes.
    pub(super) fn roll_up(&self, members: &[Status]) -> (Status, bool) {
        let states = self.states();
        let shown = self.graph.shown(&states, members);
        self.graph.roll_up(self.gate(), &states, &shown)
    }
}
