//! Looking at runs: status, detail, lists, waiting, logs. None of it waits for the conductor.

use super::find::Found;
use crate::requests::{
    LogPiece, MemberStatus, Refusal, RunDetail, RunRequest, RunStatus, TaskDetail, TaskStatus,
};
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{AttemptId, Code, RunId, RunKey, Scope, shortened};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::{NodeRow, RunRow};
use std::collections::{BTreeMap, BTreeSet};
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
        self.require(caller, &request.scope, LOOK).await?;
        let found = self.find_run(&request).await?;
        let wanted = tasks.map(|codes| nodes_of(&found, &codes)).transpose()?;
        Ok(status_of(&found, wanted.as_ref()))
    }

    /// A run with its tasks' details.
    pub async fn run(&self, caller: &Caller, request: RunRequest) -> Result<RunDetail, Refusal> {
        self.require(caller, &request.scope, LOOK).await?;
        let found = self.find_run(&request).await?;
        let rows = self.store.nodes(found.row.key).await.map_err(unavailable)?;
        let rows: BTreeMap<u32, NodeRow> = rows.into_iter().map(|row| (row.node, row)).collect();
        let mut detail = self.detail(&found.row, status_of(&found, None)).await?;
        detail.generation = found.seen.state.generation;
        detail.started_at = found.seen.state.started_at;
        detail.ended_at = found.seen.state.ended_at;
        detail.version = found.compiled.version;
        detail.tasks = (0..found.compiled.plan.len())
            .map(|node| rows.get(&node).map(task_detail).unwrap_or_default())
            .collect();
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
        let found = self.find_run(&request).await?;
        if let (Some(view), Some(seen)) = (&found.view, seen.filter(|_| !found.seen.state.ended)) {
            // Past the limit the answer is simply what is known then.
            let _ = tokio::time::timeout(limit, view.changed_since(seen)).await;
        }
        let found = self.find_run(&request).await?;
        Ok(status_of(&found, None))
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
        let found = self.find_run(&request).await?;
        let missing = |what| Refusal::NotFound { what, id: shortened(&task) };
        let node = found.compiled.find(&task).ok_or_else(|| missing("task"))?;
        let rows = self.store.nodes(found.row.key).await.map_err(unavailable)?;
        let row = rows.into_iter().find(|row| row.node == node);
        let newest = row.as_ref().map_or(0, |row| row.epoch);
        let epoch = epoch.unwrap_or(newest);
        if epoch == 0 || epoch > newest {
            return Err(missing("attempt of task"));
        }
        let id = AttemptId { run: found.row.key, node, epoch };
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
fn nodes_of(found: &Found, codes: &[String]) -> Result<BTreeSet<u32>, Refusal> {
    let unknown: Vec<String> = codes
        .iter()
        .filter(|code| found.compiled.find(code).is_none())
        .map(|code| shortened(code))
        .collect();
    if unknown.is_empty() {
        return Ok(codes.iter().filter_map(|code| found.compiled.find(code)).collect());
    }
    let problem = format!("run {} has no task {}", found.row.run_id, unknown.join(", "));
    Err(Refusal::Invalid { key: "tasks".to_owned(), problem })
}

fn status_of(found: &Found, wanted: Option<&BTreeSet<u32>>) -> RunStatus {
    let shown = (0_u32..)
        .zip(&found.seen.shown)
        .filter(|(node, _)| wanted.is_none_or(|wanted| wanted.contains(node)));
    let is_group = found.compiled.plan.is_group();
    let (mut tasks, mut members) = (Vec::new(), Vec::new());
    for (node, status) in shown {
        let code = found.compiled.code_of(node).clone();
        match found.members.get(node as usize) {
            Some(run_id) if is_group => {
                members.push(MemberStatus { run_id: run_id.clone(), code, status: *status });
            }
            _ => tasks.push(TaskStatus { code, status: *status }),
        }
    }
    RunStatus {
        run_id: found.row.run_id.clone(),
        kind: if is_group { Kind::BatchGroup } else { Kind::Batch },
        code: found.row.code.clone(),
        mis_date: found.row.mis_date,
        status: found.seen.state.status,
        ended: found.seen.state.ended,
        revision: found.seen.revision,
        tasks,
        members,
    }
}

fn task_detail(row: &NodeRow) -> TaskDetail {
    TaskDetail {
        attempt: row.attempt,
        generation: row.generation,
        epoch: row.epoch,
        started_at: row.started_at,
        ended_at: row.ended_at,
        retry_at: row.wake_at,
        message: row.message.clone(),
    }
}

/// Nothing can be triggered again while it has not begun or goes on.
pub(super) fn is_going_on(status: Status) -> bool {
    matches!(status, Status::NotStarted | Status::OnGoing)
}
