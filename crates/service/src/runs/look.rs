//! Looking at runs: status, detail, lists, waiting, logs. None of it waits for the conductor.

use super::awaited::Awaited;
use super::words::quoted;
use crate::conductor::view::View;
use crate::requests::{LogPiece, Refusal, RunDetail, RunRequest, RunStatus, TaskDetail};
use crate::snapshot::Snapshot;
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{AttemptId, Code, RunId, RunKey, Scope, shortened};
use dayend_engine::run::NodeState;
use dayend_engine::status::Status;
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::{NodeRow, RunRow, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a log that one answer carries.
const LOG_PIECE_MAX_BYTES: usize = 64 * 1024;
/// The most runs that one list shows.
const RUNS_MAX: u32 = 1000;

/// Looking needs one of these.
const LOOK: &[Function] = &[Function::View, Function::Exec, Function::Operate];

impl Service {
    /// All tasks, or those asked for (an unknown code is `Invalid { key: "tasks" }`).
    pub async fn status(
        &self,
        caller: &Caller,
        request: RunRequest,
        tasks: Option<Vec<String>>,
    ) -> Result<RunStatus, Refusal> {
        Ok(RunStatus::from(&self.look(caller, request, tasks).await?))
    }

    /// As [`Service::status`], without copies of what a run shares with others.
    pub async fn look(
        &self,
        caller: &Caller,
        request: RunRequest,
        tasks: Option<Vec<String>>,
    ) -> Result<Snapshot, Refusal> {
        self.require(caller, &request.scope, LOOK).await?;
        let view = self.find_run(&request).await?;
        let wanted = tasks.map(|codes| nodes_of(&view, &codes)).transpose()?;
        Ok(Snapshot::new(view, wanted))
    }

    /// A run with its tasks' details.
    pub async fn run(&self, caller: &Caller, request: RunRequest) -> Result<RunDetail, Refusal> {
        self.require(caller, &request.scope, LOOK).await?;
        let view = self.find_run(&request).await?;
        let snapshot = Snapshot::new(Arc::clone(&view), None);
        let state = snapshot.state();
        let rows = self.store.nodes(view.row.key).await.map_err(unavailable)?;
        let rows: BTreeMap<u32, NodeRow> = rows.into_iter().map(|row| (row.node, row)).collect();
        let mut detail = self.detail(&view.row, RunStatus::from(&snapshot)).await?;
        detail.generation = state.generation;
        detail.started_at = state.started_at;
        detail.ended_at = state.ended_at;
        detail.version = view.compiled.version;
        detail.tasks = (0..view.compiled.plan.len())
            .map(|node| rows.get(&node).map(task_detail).transpose().map(Option::unwrap_or_default))
            .collect::<Result<_, _>>()
            .map_err(unavailable)?;
        let awaited = Awaited::of(&view).map_err(unavailable)?;
        for (node, task) in (0..).zip(&mut detail.tasks) {
            if rows.get(&node).is_some_and(|row| row.state == NodeState::Running as u8) {
                task.message = awaited.by(node, task.started_at).or(task.message.take());
            }
        }
        Ok(detail)
    }

    /// The newest runs of a scope, newest first, without their tasks.
    pub async fn runs(
        &self,
        caller: &Caller,
        scope: Scope,
        code: Option<String>,
        limit: u32,
    ) -> Result<Vec<RunDetail>, Refusal> {
        self.require(caller, &scope, LOOK).await?;
        let Ok(code) = code.map(|code| code.parse::<Code>()).transpose() else {
            return Ok(Vec::new());
        };
        let rows = self
            .store
            .recent_runs(&scope, code.as_ref(), limit.min(RUNS_MAX))
            .await
            .map_err(unavailable)?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in rows {
            let status = RunStatus {
                run_id: row.run_id.clone(),
                kind: row.kind,
                code: row.code.clone(),
                mis_date: row.mis_date,
                status: row.state.status,
                ended: row.state.ended,
                revision: 0,
                tasks: Vec::new(),
                members: Vec::new(),
            };
            runs.push(self.detail(&row, status).await?);
        }
        Ok(runs)
    }

    /// Answers as soon as the run's revision is not `seen` (or it has ended), at the latest after `limit`.
    pub async fn wait(
        &self,
        caller: &Caller,
        request: RunRequest,
        seen: Option<u64>,
        limit: Duration,
    ) -> Result<RunStatus, Refusal> {
        self.require(caller, &request.scope, LOOK).await?;
        let over = self.find_run(&request).await?.read(|seen| seen.state.ended);
        // Only what is in memory tells of its changes.
        let view = self.conductor.views.find(&request.scope.tenant, &request.run_id);
        if let (Some(view), Some(seen)) = (view, seen.filter(|_| !over)) {
            // Past the limit the answer is simply what is known then.
            let _ = tokio::time::timeout(limit, view.changed_since(seen)).await;
        }
        Ok(RunStatus::from(&Snapshot::new(self.find_run(&request).await?, None)))
    }

    /// A piece of the log of a task's attempt (the newest, or the one with this epoch), at most 64 KiB.
    pub async fn log(
        &self,
        caller: &Caller,
        request: RunRequest,
        task: String,
        epoch: Option<u32>,
        offset: u64,
    ) -> Result<LogPiece, Refusal> {
        self.require(caller, &request.scope, LOOK).await?;
        let view = self.find_run(&request).await?;
        let missing = |what| Refusal::NotFound { what, id: shortened(&task) };
        let node = view.compiled.find(&task).ok_or_else(|| missing("task"))?;
        let rows = self.store.nodes(view.row.key).await.map_err(unavailable)?;
        let row = rows.into_iter().find(|row| row.node == node);
        let newest = row.as_ref().map_or(0, |row| row.epoch);
        let epoch = epoch.unwrap_or(newest);
        if epoch == 0 || epoch > newest {
            return Err(missing("attempt of task"));
        }
        let id = AttemptId { run: view.row.key, node, epoch };
        // Asked before the bytes are read: what is written in between comes with the next piece.
        let over = epoch < newest || row.is_some_and(|row| row.ended_at.is_some());
        let executors = Arc::clone(&self.executors);
        let unreadable = |error: &dyn std::fmt::Display| {
            Refusal::Unavailable(format!("the log cannot be read: {error}"))
        };
        let piece =
            tokio::task::spawn_blocking(move || executors.log(id, offset, LOG_PIECE_MAX_BYTES))
                .await;
        let piece =
            piece.map_err(|error| unreadable(&error))?.map_err(|error| unreadable(&error))?;
        let (bytes, next_offset) = piece.unwrap_or((Vec::new(), offset));
        Ok(LogPiece { complete: over && bytes.len() < LOG_PIECE_MAX_BYTES, bytes, next_offset })
    }

    async fn detail(&self, row: &RunRow, status: RunStatus) -> Result<RunDetail, Refusal> {
        let version =
            self.conductor.catalogue.version(row.version).await.map_err(unavailable)?.version;
        let parent = match row.parent {
            Some((group, _)) => self.id_of(group).await?,
            None => None,
        };
        let rerun_of = match row.rerun_of {
            Some(run) => self.id_of(run).await?,
            None => None,
        };
        Ok(RunDetail {
            status,
            created_at: row.created_at,
            started_at: row.state.started_at,
            ended_at: row.state.ended_at,
            triggered_by: row.triggered_by.clone(),
            parent,
            rerun_of,
            generation: row.state.generation,
            version,
            tasks: Vec::new(),
        })
    }

    async fn id_of(&self, key: RunKey) -> Result<Option<RunId>, Refusal> {
        let row = self.store.run_by_key(key).await.map_err(unavailable)?;
        Ok(row.map(|row| row.run_id))
    }
}

/// The nodes that the codes name.
fn nodes_of(view: &View, codes: &[String]) -> Result<Vec<u32>, Refusal> {
    let nodes: Vec<u32> = codes.iter().filter_map(|code| view.compiled.find(code)).collect();
    if nodes.len() == codes.len() {
        return Ok(nodes);
    }
    let unknown = codes.iter().filter(|code| view.compiled.find(code).is_none());
    let problem = format!(
        "run {} has no {} {}",
        view.row.run_id,
        if view.compiled.plan.is_group() { "member" } else { "task" },
        quoted(unknown)
    );
    Err(Refusal::Invalid { key: "tasks".to_owned(), problem })
}

fn task_detail(row: &NodeRow) -> Result<TaskDetail, StoreError> {
    let broken = |error| StoreError::Inconsistent(format!("the files of a task: {error}"));
    let files = row.files.as_deref().map(serde_json::from_str).transpose().map_err(broken)?;
    Ok(TaskDetail {
        attempt: row.attempt,
        generation: row.generation,
        epoch: row.epoch,
        started_at: row.started_at,
        ended_at: row.ended_at,
        retry_at: row.wake_at,
        message: row.message.clone(),
        files: files.unwrap_or_default(),
    })
}

/// Nothing can be triggered again while it has not begun or goes on.
pub(super) fn is_going_on(status: Status) -> bool {
    matches!(status, Status::NotStarted | Status::OnGoing)
}
