//! What readers see of a live run: a byte a task and the roll-up, as of the last commit.

use crate::compiled::Compiled;
use dayend_engine::codes::RunId;
use dayend_engine::status::Status;
use dayend_store::port::{RunRow, RunState};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// The committed view of one run.
#[derive(Debug)]
pub struct View {
    /// The fixed part; `row.state` is as of creation.
    pub row: RunRow,
    pub compiled: Arc<Compiled>,
    /// The ids of a group's member runs, in node order.
    pub members: Vec<RunId>,
    seen: RwLock<Seen>,
    revision: watch::Sender<u64>,
}

/// The part of a view that moves.
#[derive(Clone, Debug)]
pub struct Seen {
    pub shown: Vec<Status>,
    pub state: RunState,
    pub revision: u64,
}

/// What one commit changes in a view.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    pub shown: Vec<(u32, Status)>,
    pub state: Option<RunState>,
}

impl View {
    /// A view of a run that is committed as given. Revisions grow from `revision`, over server starts too.
    pub fn new(
        row: RunRow,
        compiled: Arc<Compiled>,
        members: Vec<RunId>,
        shown: Vec<Status>,
        revision: u64,
    ) -> Self {
        let seen = RwLock::new(Seen { shown, state: row.state.clone(), revision });
        Self { row, compiled, members, seen, revision: watch::Sender::new(revision) }
    }

    /// Reads under the lock; keep it short.
    pub fn read<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Resolves when the revision is no longer `seen`.
    pub async fn changed_since(&self, seen: u64) {
        let mut revisions = self.revision.subscribe();
        // The sender lives as long as `self`.
        let _ = revisions.wait_for(|revision| *revision != seen).await;
    }

    /// What the store says now, where that is something else.
    pub(super) fn replace(&self, shown: Vec<Status>, state: &RunState) {
        let differs = self.read(|seen| seen.shown != shown || seen.state != *state);
        if differs {
            let shown = (0_u32..).zip(shown).collect();
            self.apply(Delta { shown, state: Some(state.clone()) });
        }
    }

    pub(super) fn apply(&self, delta: Delta) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        for (node, status) in delta.shown {
            if let Some(slot) = seen.shown.get_mut(node as usize) {
                *slot = status;
            }
        }
        if let Some(state) = delta.state {
            seen.state = state;
        }
        seen.revision += 1;
        self.revision.send_replace(seen.revision);
    }
}

/// The views of all live runs of this node, by tenant and run id.
#[derive(Debug, Default)]
pub struct Views {
    by_id: RwLock<BTreeMap<(String, RunId), Arc<View>>>,
}

impl Views {
    /// The view of a live run.
    pub fn find(&self, tenant: &str, id: &RunId) -> Option<Arc<View>> {
        let by_id = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        by_id.get(&(tenant.to_owned(), id.clone())).cloned()
    }

    pub(super) fn add(&self, view: Arc<View>) {
        let id = (view.row.scope.tenant.clone(), view.row.run_id.clone());
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).insert(id, view);
    }

    pub(super) fn remove(&self, view: &View) {
        let id = (view.row.scope.tenant.clone(), view.row.run_id.clone());
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
