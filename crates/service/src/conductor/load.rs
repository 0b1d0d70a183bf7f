//! Runs from the store: at the start, after a write that did not happen, and when a verb wants one that had ended.

use super::core::Core;
use super::create::first_revision;
use super::live::{Live, Parts};
use super::pending::Begin;
use super::steps::Origin;
use super::view::View;
use crate::compiled::{Catalogue, Compiled};
use crate::stored::{StoredChoices, StoredParams};
use dayend_engine::codes::{AttemptId, RunId, RunKey};
use dayend_engine::params::RunParams;
use dayend_engine::run::{Choices, Event, Gate, Loaded, NodeRecord, NodeState, Run};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
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

impl LoadedRun {
    /// Its attempts that have not ended, and when they were dispatched.
    fn dispatched(&self) -> impl Iterator<Item = (AttemptId, Timestamp)> {
        let running =
            |row: &&NodeRow| NodeState::from_number(row.state).is_some_and(NodeState::has_attempt);
        let is_group = self.compiled.plan.is_group();
        self.nodes.iter().filter(move |_| !is_group).filter(running).map(|row| {
            let id = AttemptId { run: row.run, node: row.node, epoch: row.epoch };
            (id, row.started_at.unwrap_or_default())
        })
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
    pub begin: Begin,
    /// It was to be stopped.
    pub stopping: bool,
}

impl<R> Core<R> {
    /// Takes in a tree as a server finds it that starts: its attempts are to be adopted.
    pub fn recover(&mut self, tree: Tree, now: Timestamp) -> Result<Vec<Unfinished>, StoreError> {
        let dispatched: Vec<(AttemptId, Timestamp)> =
            tree.runs.iter().flat_map(LoadedRun::dispatched).collect();
        let Some(root) = self.take_in(tree, now)? else { return Ok(Vec::new()) };
        for (id, at) in dispatched {
            let policy = self.runs.get(&id.run).map(|live| live.compiled.plan.policy(id.node));
            let timeout_ms = policy.and_then(|policy| policy.timeout_ms).unwrap_or_default();
            let latest = Timestamp(now.plus_ms(ADOPTION_MS).0.saturating_sub(micros(timeout_ms)));
            self.started.insert(id, at.max(latest));
        }
        let mut unfinished = Vec::new();
        for key in self.tree(root) {
            let Some(live) = self.runs.get(&key) else { continue };
            unfinished.extend(live.run.unfinished().filter_map(|node| {
                let stopping =
                    matches!(live.run.state(node), NodeState::Stopping | NodeState::Recycling);
                live.begin(node).map(|begin| Unfinished { begin, stopping })
            }));
        }
        self.settle(root, now);
        Ok(unfinished)
    }

    /// Takes in a tree that was dropped from memory or has ended, unless it is in memory already. Its attempts, if it has
    /// any, are being made by this process.
    pub fn insert(&mut self, tree: Tree, now: Timestamp) -> Result<(), StoreError> {
        if let Some(root) = self.take_in(tree, now)? {
            self.settle(root, now);
        }
        Ok(())
    }

    fn take_in(&mut self, tree: Tree, now: Timestamp) -> Result<Option<RunKey>, StoreError> {
        let Some(root) = tree.root().filter(|root| !self.runs.contains_key(root)) else {
            return Ok(None);
        };
        let members = tree.runs.iter().skip(1);
        let mut members = Some(Members {
            keys: members.clone().map(|run| run.row.key).collect(),
            ids: members.clone().map(|run| run.row.run_id.clone()).collect(),
            statuses: members.map(|run| run.row.state.status).collect(),
        });
        let lives: Result<Vec<Live>, StoreError> = tree
            .runs
            .into_iter()
            .map(|loaded| self.live(loaded, members.take().unwrap_or_default(), now))
            .collect();
        let lives = lives?;
        let root_ended = lives.first().is_some_and(|live| live.run.ended());
        for mut live in lives {
            live.told_ended = live.run.ended();
            live.group_ended = live.row.parent.is_some() && root_ended;
            self.views.add(Arc::clone(&live.view));
            self.runs.insert(live.row.key, live);
        }
        Ok(Some(root))
    }

    fn live(
        &self,
        loaded: LoadedRun,
        members: Members,
        now: Timestamp,
    ) -> Result<Live, StoreError> {
        let shown_members = members.statuses.clone();
        let run = load_run(&loaded, members.statuses)?;
        let mut shown: Vec<Status> =
            (0..loaded.compiled.plan.len()).map(|node| run.shown(node)).collect();
        for (slot, status) in shown.iter_mut().zip(shown_members) {
            *slot = status;
        }
        let row = loaded.row;
        let view = if let Some(view) = self.views.find(&row.scope.tenant, row.run_id.as_str()) {
            // Somebody may be watching it.
            view.replace(shown, &row.state);
            view
        } else {
            let (row, compiled) = (row.clone(), Arc::clone(&loaded.compiled));
            Arc::new(View::new(row, compiled, members.ids, shown, first_revision(now)))
        };
        let parts = Parts {
            row,
            compiled: loaded.compiled,
            params: loaded.params,
            run,
            members: members.keys,
            view,
        };
        let mut live = Live::new(parts);
        for node in loaded.nodes {
            live.handles.extend(node.handle.map(|handle| (node.node, handle)));
            live.files.extend(node.files.map(|files| (node.node, files)));
        }
        Ok(live)
    }

    /// Time-outs count on from when the attempts started, and anything that is due or ready goes on.
    fn settle(&mut self, root: RunKey, now: Timestamp) {
        for key in self.tree(root) {
            let Some(live) = self.runs.get(&key) else { continue };
            let ids: Vec<(u32, u32)> =
                live.run.unfinished().map(|node| (node, live.run.epoch(node))).collect();
            // First a tick before anything is due: what is ready begins now, whatever the times below.
            let quiet = live.run.next_wake().map_or(now, |due| now.min(Timestamp(due.0 - 1)));
            // A tick is never refused.
            let _ = self.step(key, Event::Tick, quiet, &Origin::own(None));
            for (node, epoch) in ids {
                let id = AttemptId { run: key, node, epoch };
                // One that nobody reported waits in its executor's queue: its time has not begun.
                let at = self.started.get(&id).copied().unwrap_or(NOT_STARTED);
                // The attempt is the newest: it was just loaded.
                let _ = self.step(key, Event::Started { node, epoch }, at, &Origin::own(None));
            }
            let _ = self.step(key, Event::Tick, now, &Origin::own(None));
        }
    }

    /// A root and its members.
    fn tree(&self, root: RunKey) -> Vec<RunKey> {
        let members = self.runs.get(&root).map(|live| live.members.as_slice()).unwrap_or_default();
        std::iter::once(root).chain(members.iter().copied()).collect()
    }
}

/// The members of a loaded root, in node order.
#[derive(Default)]
struct Members {
    keys: Vec<RunKey>,
    ids: Vec<RunId>,
    statuses: Vec<Status>,
}

/// How long an adopted attempt has, after a start, to say when it really began, before its time can be up.
const ADOPTION_MS: u64 = 5_000;
/// Later than any time-out that matters.
const NOT_STARTED: Timestamp = Timestamp(i64::MAX / 2);

fn micros(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)
}

fn load_run(loaded: &LoadedRun, members: Vec<Status>) -> Result<Run, StoreError> {
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
