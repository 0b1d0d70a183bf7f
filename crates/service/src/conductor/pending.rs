//! The group that is being filled: what will be written, and what is released once it is.

use super::input::Answer;
use super::view::{Delta, View};
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Attempt, Report};
use dayend_store::history::StepDetail;
use dayend_store::port::{ClaimRow, HistoryRecord, NodeRow, RunChange, RunRow, RunState, Write};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the shell does once a write is on disk.
#[derive(Debug)]
pub enum Release {
    Start(Attempt),
    Stop(AttemptId),
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
}

#[derive(Debug)]
pub(super) enum WriteKind {
    Runs(Box<RunsWrite>),
    Foreign(Box<Write>),
}

/// The changes of runs that one write carries.
#[derive(Debug, Default)]
pub(super) struct RunsWrite {
    pub claim: Option<ClaimRow>,
    /// It carries a claim, so another request may have been faster.
    pub claimed: bool,
    /// Kept when the claim has gone to the store.
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
    pub actor: String,
    pub event: &'static str,
    pub note: Option<serde_json::Value>,
    pub state: RunState,
    pub nodes: Vec<NodeRow>,
}

/// Who and what stands in the history for a step that nobody asked for.
pub(super) const OWN_ACTOR: &str = "dayend";
pub(super) const OWN_EVENT: &str = "step";

impl<R> PendingWrite<R> {
    pub(super) fn new(kind: WriteKind) -> Self {
        Self {
            kind,
            releases: Vec::new(),
            replies: Vec::new(),
            reports: Vec::new(),
            deltas: BTreeMap::new(),
            new_views: Vec::new(),
        }
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
    pub(super) fn runs(&self) -> Vec<RunKey> {
        let new = self.new_views.iter().map(|view| view.row.key);
        new.chain(self.deltas.keys().copied()).collect()
    }

    /// What goes to the store.
    pub(super) fn take_write(&mut self) -> Write {
        let empty = WriteKind::Runs(Box::default());
        match std::mem::replace(&mut self.kind, empty) {
            WriteKind::Foreign(write) => *write,
            WriteKind::Runs(mut runs) => {
                runs.claim_key = runs.claim.as_ref().map(claim_key);
                let write = Write::Runs {
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
                };
                self.kind = WriteKind::Runs(runs);
                write
            }
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
            actor: self.actor,
            event: self.event.to_owned(),
            detail: detail.to_json(),
        }
    }
}
