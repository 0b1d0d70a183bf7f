//! The group that is being filled: what will be written, and what is released once it is.

use super::input::Answer;
use super::view::{Delta, View};
use dayend_engine::codes::{AttemptId, Code, RunKey, Scope};
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Attempt, Report};
use dayend_store::history::StepDetail;
use dayend_store::port::{ClaimRow, HistoryRecord, NodeRow, RunChange, RunRow, RunState, Write};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the shell does once a write is on disk.
#[derive(Debug)]
pub enum Release {
    Start(Box<Begin>),
    Stop(AttemptId),
}

/// An attempt to begin, and the connection that must be looked up first.
#[derive(Debug)]
pub struct Begin {
    pub attempt: Attempt,
    pub connection: Option<(Scope, Code)>,
}

/// One write with everything that depends on it.
#[derive(Debug)]
pub(super) struct PendingWrite<R> {
    pub kind: WriteKind,
    pub releases: Vec<Release>,
    pub replies: Vec<(R, Answer)>,
    /// Folded in; to be folded in again if the write fails.
    pub reports: Vec<Report>,
    pub deltas: BTreeMap<RunKey, (Arc<View>, Delta)>,
    pub new_views: Vec<Arc<View>>,
    /// Runs of which only the memory moved.
    pub moved: BTreeSet<RunKey>,
    /// Takes nothing more.
    pub sealed: bool,
}

#[derive(Debug)]
pub(super) enum WriteKind {
    Runs(Box<RunsWrite>),
    /// The write is gone once it went to the store.
    Foreign(Option<Box<Write>>),
}

/// The changes of runs that one write carries.
#[derive(Debug, Default)]
pub(super) struct RunsWrite {
    pub claim: Option<ClaimRow>,
    /// Kept when the claim has gone to the store. With one, another request may have been faster.
    pub claim_key: Option<ClaimKey>,
    /// Where the newest record of each run stands in `records`.
    pub last_record: BTreeMap<RunKey, usize>,
    pub new: Vec<RunRow>,
    pub changed: BTreeMap<RunKey, RunState>,
    pub nodes: Vec<NodeRow>,
    pub records: Vec<Record>,
}

/// Tenant, client, verb and key of an idempotent request.
pub(super) type ClaimKey = (String, String, String, String);

/// The key of a claim.
pub(super) fn claim_key(claim: &ClaimRow) -> ClaimKey {
    (claim.tenant.clone(), claim.client.clone(), claim.verb.clone(), claim.key.clone())
}

/// One history record, still growing.
#[derive(Debug)]
pub(super) struct Record {
    pub run: RunKey,
    pub at: Timestamp,
    pub actor: Cow<'static, str>,
    pub event: &'static str,
    pub note: Option<serde_json::Value>,
    pub state: RunState,
    pub nodes: Vec<NodeRow>,
}

/// Who and what stands in the history for a step that nobody asked for.
pub(super) const OWN_ACTOR: &str = "dayend";
pub(super) const OWN_EVENT: &str = "step";

impl<R> PendingWrite<R> {
    fn new(kind: WriteKind) -> Self {
        Self {
            sealed: matches!(kind, WriteKind::Foreign(_)),
            kind,
            releases: Vec::new(),
            replies: Vec::new(),
            reports: Vec::new(),
            deltas: BTreeMap::new(),
            new_views: Vec::new(),
            moved: BTreeSet::new(),
        }
    }

    /// A write that steps go into.
    pub(super) fn of_runs(claim: Option<ClaimRow>) -> Self {
        let claim_key = claim.as_ref().map(claim_key);
        Self::new(WriteKind::Runs(Box::new(RunsWrite { claim, claim_key, ..RunsWrite::default() })))
    }

    /// A write that is not a run's.
    pub(super) fn foreign(write: Write) -> Self {
        Self::new(WriteKind::Foreign(Some(Box::new(write))))
    }

    /// The idempotency key that it needs.
    pub(super) fn claim_key(&self) -> Option<&ClaimKey> {
        match &self.kind {
            WriteKind::Foreign(_) => None,
            WriteKind::Runs(runs) => runs.claim_key.as_ref(),
        }
    }

    /// The view's part of what the write changes in a run.
    pub(super) fn delta(&mut self, view: &Arc<View>) -> &mut Delta {
        let entry = self.deltas.entry(view.row.key);
        &mut entry.or_insert_with(|| (Arc::clone(view), Delta::default())).1
    }

    /// Whether it only carries answers.
    pub(super) fn is_empty(&self) -> bool {
        match &self.kind {
            WriteKind::Foreign(_) => false,
            WriteKind::Runs(runs) => {
                runs.claim.is_none()
                    && runs.new.is_empty()
                    && runs.changed.is_empty()
                    && runs.nodes.is_empty()
                    && runs.records.is_empty()
            }
        }
    }

    /// The runs that it touches.
    pub(super) fn runs(&self) -> impl Iterator<Item = RunKey> {
        let new = self.new_views.iter().map(|view| view.row.key);
        new.chain(self.deltas.keys().copied()).chain(self.moved.iter().copied())
    }

    /// What goes to the store.
    pub(super) fn take_write(&mut self) -> Write {
        match &mut self.kind {
            WriteKind::Foreign(write) => *write.take().expect("a write goes to the store once"),
            WriteKind::Runs(runs) => Write::Runs {
                claim: runs.claim.take(),
                new: std::mem::take(&mut runs.new),
                changed: runs
                    .changed
                    .iter()
                    .map(|(key, state)| RunChange { key: *key, state: state.clone() })
                    .collect(),
                nodes: std::mem::take(&mut runs.nodes),
                history: std::mem::take(&mut runs.records)
                    .into_iter()
                    .map(Record::into_history)
                    .collect(),
            },
        }
    }
}

impl Record {
    fn into_history(self) -> HistoryRecord {
        let command = (self.event != OWN_EVENT).then(|| self.event.to_owned());
        let detail = StepDetail { command, state: self.state, nodes: self.nodes, note: self.note };
        HistoryRecord {
            run: Some(self.run),
            at: self.at,
            actor: self.actor.into_owned(),
            event: self.event.to_owned(),
            detail: detail.to_json(),
        }
    }
}
