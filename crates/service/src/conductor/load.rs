//! Runs from the store: at the start, after a write that did not happen, and when a verb wants one that had ended.

use super::core::Core;
use super::create::first_revision;
use super::live::{Live, Parts};
use super::view::View;
use crate::compiled::{Catalogue, Compiled};
use crate::stored::{StoredChoices, StoredParams};
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::params::RunParams;
use dayend_engine::run::{Choices, Event, Gate, Loaded, NodeRecord, NodeState, Run};
use dayend_engine::time::Timestamp;
use dayend_executor::port::Attempt;
use dayend_store::port::{NodeRow, RunRow, Store, StoreError};
use std::sync::Arc;

/// A run tree as the store has it: the root, then the members in node order.
pub struct Tree {
    runs: Vec<LoadedRun>,
}

struct LoadedRun {
    row: RunRow,
    compiled: Arc<Compiled>,
    params: RunParams,
    choices: Choices,
    nodes: Vec<NodeRow>,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tree").field("runs", &self.runs.len()).finish()
    }
}

impl Tree {
    /// Reads the tree that `key` belongs to.
    pub async fn read(
        store: &dyn Store,
        catalogue: &Catalogue,
        key: RunKey,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row) = store.run_by_key(key).await? else { return Ok(None) };
        let root = match row.parent {
            None => row,
            Some((group, _)) => store.run_by_key(group).await?.ok_or_else(|| orphan(&row))?,
        };
        Self::read_root(store, catalogue, root).await.map(Some)
    }

    /// Reads a root and its members.
    pub async fn read_root(
        store: &dyn Store,
        catalogue: &Catalogue,
        root: RunRow,
    ) -> Result<Self, StoreError> {
        let members = store.members(root.key).await?;
        let mut runs = Vec::with_capacity(1 + members.len());
        for row in std::iter::once(root).chain(members) {
            let compiled = catalogue.version(row.version).await?;
            let choices = StoredChoices::parse(&row.choices)?.resolve(&compiled)?;
            let params = StoredParams::parse(&row.params)?.into_run_params();
            let nodes = store.nodes(row.key).await?;
            runs.push(LoadedRun { row, compiled, params, choices, nodes });
        }
        Ok(Self { runs })
    }

    fn root(&self) -> Option<RunKey> {
        self.runs.first().map(|run| run.row.key)
    }
}

fn orphan(row: &RunRow) -> StoreError {
    StoreError::Inconsistent(format!("run {} has lost its group", row.run_id))
}

/// Attempts that had not ended when the tree was stored.
#[derive(Debug)]
pub struct Unfinished {
    pub attempt: Attempt,
    /// It was to be stopped.
    pub stopping: bool,
}

impl<R> Core<R> {
    /// Takes a tree in, unless it is in memory already. What it says of unfinished attempts matters at the start only.
    pub fn insert(&mut self, tree: Tree, now: Timestamp) -> Result<Vec<Unfinished>, StoreError> {
        let Some(root) = tree.root().filter(|root| !self.runs.contains_key(root)) else {
            return Ok(Vec::new());
        };
        let members: Vec<RunKey> = tree.runs.iter().skip(1).map(|run| run.row.key).collect();
        let ids: Vec<_> = tree.runs.iter().skip(1).map(|run| run.row.run_id.clone()).collect();
        let statuses = tree.runs.iter().skip(1).map(|run| run.row.state.status).collect();
        let mut member_states = Some((members, ids, statuses));
        let mut lives = Vec::with_capacity(tree.runs.len());
        for loaded in tree.runs {
            let (members, ids, statuses) = member_states.take().unwrap_or_default();
            let run = load_run(&loaded, statuses)?;
            let shown = (0..loaded.compiled.plan.len()).map(|node| run.shown(node)).collect();
            let view = View::new(
                loaded.row.clone(),
                Arc::clone(&loaded.compiled),
                ids,
                shown,
                first_revision(now),
            );
            let parts = Parts {
                row: loaded.row,
                compiled: loaded.compiled,
                params: loaded.params,
                run,
                members,
                view: Arc::new(view),
            };
            let mut live = Live::new(parts);
            live.handles = handles(loaded.nodes);
            lives.push(live);
        }
        let root_ended = lives.first().is_some_and(|live| live.run.ended());
        let mut unfinished = Vec::new();
        for mut live in lives {
            live.told_ended = live.run.ended();
            live.group_ended =
                live.row.parent.is_some() && root_ended && live.run.gate() != Gate::Open;
            unfinished.extend(live.run.unfinished().filter_map(|node| {
                let stopping =
                    matches!(live.run.state(node), NodeState::Stopping | NodeState::Recycling);
                live.attempt(node).map(|attempt| Unfinished { attempt, stopping })
            }));
            self.views.add(Arc::clone(&live.view));
            self.runs.insert(live.row.key, live);
        }
        self.settle(root, now);
        Ok(unfinished)
    }

    /// Time-outs count on from when the attempts started, and anything that is due or ready goes on.
    fn settle(&mut self, root: RunKey, now: Timestamp) {
        let Some(live) = self.runs.get(&root) else { return };
        for key in live.members.iter().copied().chain([root]).collect::<Vec<_>>() {
            let Some(live) = self.runs.get_mut(&key) else { continue };
            for node in live.run.unfinished().collect::<Vec<_>>() {
                let id = AttemptId { run: key, node, epoch: live.run.epoch(node) };
                if let Some(at) = self.started.get(&id) {
                    let event = Event::Started { node, epoch: id.epoch };
                    // The attempt is the newest: it was just loaded.
                    let _ = live.run.step(&live.compiled.plan, event, *at, &mut self.transition);
                }
            }
            let wake = live.run.next_wake().unwrap_or(now);
            self.wake_at(key, wake.min(now));
        }
    }
}

fn load_run(
    loaded: &LoadedRun,
    members: Vec<dayend_engine::status::Status>,
) -> Result<Run, StoreError> {
    let broken =
        |why: String| StoreError::Inconsistent(format!("run {}: {why}", loaded.row.run_id));
    let nodes: Result<Vec<NodeRecord>, StoreError> = loaded
        .nodes
        .iter()
        .map(|row| {
            let state = NodeState::from_number(row.state)
                .ok_or_else(|| broken(format!("no node state has number {}", row.state)))?;
            Ok(NodeRecord {
                node: row.node,
                state,
                generation: row.generation,
                attempt: row.attempt,
                epoch: row.epoch,
                wake_at: row.wake_at,
                started_at: row.started_at,
                ended_at: row.ended_at,
            })
        })
        .collect();
    let state = &loaded.row.state;
    let gate = Gate::from_number(state.gate)
        .ok_or_else(|| broken(format!("no gate has number {}", state.gate)))?;
    let (interrupted, generation) = (state.interrupted, state.generation);
    let stored = Loaded { gate, interrupted, generation, nodes: nodes?, members };
    Run::load(&loaded.compiled.plan, &loaded.choices, stored)
        .map_err(|error| broken(error.to_string()))
}

fn handles(nodes: Vec<NodeRow>) -> std::collections::BTreeMap<u32, String> {
    nodes.into_iter().filter_map(|row| row.handle.map(|handle| (row.node, handle))).collect()
}
