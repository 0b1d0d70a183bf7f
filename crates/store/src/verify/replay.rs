//! The replay: a run's history records, folded, must give its stored state.

use crate::history::StepDetail;
use crate::port::{HistoryRow, NodeRow, RunRow, RunState};
use crate::verify::Defects;
use std::collections::BTreeMap;

/// Replays one run.
pub(crate) struct Replay {
    run: RunRow,
    state: Option<RunState>,
    nodes: BTreeMap<u32, NodeRow>,
}

impl Replay {
    /// Begins with nothing.
    pub(crate) fn new(run: RunRow) -> Self {
        Self { run, state: None, nodes: BTreeMap::new() }
    }

    /// Takes the next history record of the run.
    pub(crate) fn step(&mut self, row: &HistoryRow, defects: &mut Defects) {
        match StepDetail::from_json(self.run.key, &row.record.detail) {
            Ok(detail) => {
                self.state = Some(detail.state);
                self.nodes.extend(detail.nodes.into_iter().map(|node| (node.node, node)));
            }
            Err(error) => {
                defects.push(format!(
                    "run `{}`: the detail of history record {} is {error}",
                    self.run.run_id, row.seq
                ));
            }
        }
    }

    /// Takes the next stored node of the run.
    pub(crate) fn compare(&mut self, stored: &NodeRow, defects: &mut Defects) {
        let id = &self.run.run_id;
        match self.nodes.remove(&stored.node) {
            Some(replayed) if replayed == *stored => {}
            Some(_) => {
                defects
                    .push(format!("run `{id}`: node {} is not as its history says", stored.node));
            }
            None => defects.push(format!("run `{id}`: node {} is not in its history", stored.node)),
        }
    }

    /// Compares what is left.
    pub(crate) fn finish(self, defects: &mut Defects) {
        let id = &self.run.run_id;
        for node in self.nodes.keys() {
            defects
                .push(format!("run `{id}`: node {node} is in its history, but its row is missing"));
        }
        match self.state {
            Some(state) if state == self.run.state => {}
            Some(_) => defects.push(format!("run `{id}`: its state is not as its history says")),
            None => defects.push(format!("run `{id}`: it has no history")),
        }
    }
}
