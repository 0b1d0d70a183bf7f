//! A run in memory.

use super::pending::Begin;
use super::view::View;
use crate::compiled::{Compiled, Source};
use dayend_engine::codes::{AttemptId, RunKey, Scope};
use dayend_engine::definition::{Batch, Spec, Work};
use dayend_engine::params::{BuiltIns, Params, RunParams};
use dayend_engine::run::{Gate, NodeRecord, Run};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_executor::port::Attempt;
use dayend_store::port::{NodeRow, RunRow, RunState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A run that this node conducts.
pub(super) struct Live {
    pub row: RunRow,
    pub compiled: Arc<Compiled>,
    pub params: Arc<RunParams>,
    pub run: Run,
    /// Of a group: its member runs, in node order.
    pub members: Vec<RunKey>,
    /// What asynchronous attempts need to be followed later.
    pub handles: BTreeMap<u32, String>,
    /// The files that the newest attempts had to do with, as JSON.
    pub files: BTreeMap<u32, String>,
    pub view: Arc<View>,
    tenant: Arc<str>,
    scope: Arc<Scope>,
    run_id_text: Arc<str>,
    mis_date_text: Arc<str>,
    /// Of a member: its group has ended. If its gate is not open, it can no longer start.
    pub group_ended: bool,
    /// Of a member: what its group's view says of it.
    pub told_status: Status,
    /// Of a group: whether its members were told that it has ended.
    pub told_ended: bool,
}

/// What makes a [`Live`], whether new or from the store.
pub(super) struct Parts {
    pub row: RunRow,
    pub compiled: Arc<Compiled>,
    pub params: RunParams,
    pub run: Run,
    pub members: Vec<RunKey>,
    pub view: Arc<View>,
}

impl Live {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            tenant: parts.row.scope.tenant.as_str().into(),
            scope: Arc::new(parts.row.scope.clone()),
            run_id_text: parts.row.run_id.as_str().into(),
            mis_date_text: parts.row.mis_date.to_string().into(),
            told_status: parts.run.status(),
            row: parts.row,
            compiled: parts.compiled,
            params: Arc::new(parts.params),
            run: parts.run,
            members: parts.members,
            handles: BTreeMap::new(),
            files: BTreeMap::new(),
            view: parts.view,
            group_ended: false,
            told_ended: false,
        }
    }

    /// The state as it should be stored now, given when it was stored last.
    pub(super) fn state_now(&self, now: Timestamp) -> RunState {
        let before = &self.row.state;
        let (status, own_ended) = (self.run.status(), self.run.ended());
        let ended = own_ended || self.is_closed();
        let began = status == Status::OnGoing;
        RunState {
            gate: self.run.gate() as u8,
            interrupted: self.run.is_interrupted(),
            generation: self.run.generation(),
            status,
            ended,
            started_at: before.started_at.or(began.then_some(now)),
            ended_at: if ended {
                before.ended_at.filter(|_| before.ended).or(Some(now))
            } else {
                None
            },
        }
    }

    /// The row of a node as the engine left it.
    pub(super) fn node_row(&self, record: &NodeRecord, message: Option<&str>) -> NodeRow {
        let handle =
            if record.state.has_attempt() { self.handles.get(&record.node).cloned() } else { None };
        NodeRow {
            run: self.row.key,
            node: record.node,
            state: record.state as u8,
            generation: record.generation,
            attempt: record.attempt,
            epoch: record.epoch,
            wake_at: record.wake_at,
            started_at: record.started_at,
            ended_at: record.ended_at,
            handle,
            message: message.map(str::to_owned),
            files: self.files.get(&record.node).cloned(),
        }
    }

    /// The newest attempt of a task, as the executor wants it; the connection is looked up later.
    pub(super) fn begin(&self, node: u32) -> Option<Begin> {
        let batch = self.batch()?;
        let code = batch.tasks.code(node)?;
        let spec = batch.tasks.spec(node);
        let params = self.params_of(batch, code, &spec);
        let connection = match spec.work {
            Work::Sql(sql) => Some(sql.connection),
            Work::Http(http) => http.connection,
            Work::Noop | Work::Command(_) | Work::File(_) => None,
        };
        let connection = connection.map(|code| (self.row.scope.clone(), code));
        let attempt = Attempt {
            id: AttemptId { run: self.row.key, node, epoch: self.run.epoch(node) },
            tenant: Arc::clone(&self.tenant),
            scope: Arc::clone(&self.scope),
            run_id: self.row.run_id.clone(),
            mis_date: self.row.mis_date,
            dispatched_at: self.run.record_of(node).started_at.unwrap_or_default(),
            attempt: self.run.attempt(node),
            generation: self.run.node_generation(node),
            params,
            connection: None,
            handle: self.handles.get(&node).cloned(),
            batch: Arc::clone(batch),
        };
        Some(Begin { attempt, connection })
    }

    fn params_of(&self, batch: &Batch, code: &str, spec: &Spec) -> Params {
        if spec.work.is_noop() {
            return Params::default();
        }
        let built_ins =
            BuiltIns { mis_date: &self.mis_date_text, run_id: &self.run_id_text, task: code };
        Params::resolve(&batch.params, &spec.params, &self.params, built_ins)
    }

    fn batch(&self) -> Option<&Arc<Batch>> {
        match &self.compiled.source {
            Source::Batch(batch) => Some(batch),
            Source::Group(_) => None,
        }
    }

    /// A member whose group ended before its gate was opened: it cannot start any more.
    pub(super) fn is_closed(&self) -> bool {
        self.group_ended && self.run.gate() != Gate::Open
    }

    /// Nothing of it is going on, so it need not stay in memory.
    pub(super) fn is_over(&self) -> bool {
        self.run.ended() && self.run.unfinished().next().is_none()
    }
}
