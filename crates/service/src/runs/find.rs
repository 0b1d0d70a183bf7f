//! Finding the run that a request names, live or not.

use crate::compiled::Compiled;
use crate::conductor::view::View;
use crate::requests::{Refusal, RunRequest};
use crate::stored::StoredChoices;
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{RunId, shortened};
use dayend_engine::run::{Gate, Loaded, NodeRecord, NodeState, Run};
use dayend_engine::status::Status;
use dayend_store::port::{NodeRow, RunRow, StoreError};
use std::sync::Arc;

impl Service {
    /// The row of the run, as of its creation for those in memory. A run of another scope does not exist.
    pub(super) async fn find_row(&self, request: &RunRequest) -> Result<RunRow, Refusal> {
        match self.conductor.views.find(&request.scope.tenant, &request.run_id) {
            Some(view) => checked(request, &view.row).cloned(),
            None => self.read_row(request).await,
        }
    }

    /// The run as of the last commit. A run of another scope does not exist.
    pub(super) async fn find_run(&self, request: &RunRequest) -> Result<Arc<View>, Refusal> {
        let found = self.conductor.views.look_up(&request.scope.tenant, &request.run_id);
        let absence = match found {
            Ok(view) => {
                checked(request, &view.row)?;
                return Ok(view);
            }
            Err(absence) => absence,
        };
        let row = self.read_row(request).await?;
        let view = self.read_run(row).await.map_err(unavailable)?;
        Ok(self.conductor.views.keep(view, absence))
    }

    async fn read_row(&self, request: &RunRequest) -> Result<RunRow, Refusal> {
        let id: RunId = request.run_id.parse().map_err(|_| missing(request))?;
        let row = self.store.run_by_id(&request.scope.tenant, &id).await.map_err(unavailable)?;
        let row = row.ok_or_else(|| missing(request))?;
        checked(request, &row)?;
        Ok(row)
    }

    /// A run that is not in memory, from its rows.
    async fn read_run(&self, row: RunRow) -> Result<Arc<View>, StoreError> {
        let compiled = self.conductor.catalogue.version(row.version).await?;
        let nodes = self.store.nodes(row.key).await?;
        let members =
            if compiled.plan.is_group() { self.store.members(row.key).await? } else { Vec::new() };
        let mut shown: Vec<Status> = shown(&row, &compiled, &nodes)?;
        for (slot, member) in shown.iter_mut().zip(&members) {
            *slot = member.state.status;
        }
        let revision = row.state.ended_at.map_or(0, |at| u64::try_from(at.0).unwrap_or_default());
        let members = members.into_iter().map(|member| member.run_id).collect();
        Ok(Arc::new(View::new(row, compiled, members, shown, revision)))
    }
}

/// The row, if it is what the request means.
fn checked<'a>(request: &RunRequest, row: &'a RunRow) -> Result<&'a RunRow, Refusal> {
    if row.scope != request.scope {
        return Err(missing(request));
    }
    match &request.code {
        Some(code) if *code != row.code.as_str() => Err(Refusal::Invalid {
            key: "batchName".to_owned(),
            problem: format!(
                "run {} is a run of `{}`, not of `{}`",
                row.run_id,
                row.code,
                shortened(code)
            ),
        }),
        Some(_) | None => Ok(row),
    }
}

fn missing(request: &RunRequest) -> Refusal {
    Refusal::NotFound { what: "run", id: shortened(&request.run_id) }
}

/// What the nodes of a stored run show.
fn shown(row: &RunRow, compiled: &Compiled, nodes: &[NodeRow]) -> Result<Vec<Status>, StoreError> {
    let broken = |why: &str| StoreError::Inconsistent(format!("run {}: {why}", row.run_id));
    let choices = StoredChoices::parse(&row.choices)?.resolve(compiled)?;
    let records: Option<Vec<NodeRecord>> = nodes.iter().map(record).collect();
    let loaded = Loaded {
        gate: Gate::from_number(row.state.gate).ok_or_else(|| broken("its gate has no meaning"))?,
        interrupted: row.state.interrupted,
        generation: row.state.generation,
        nodes: records.ok_or_else(|| broken("a task's state has no meaning"))?,
        members: Vec::new(),
    };
    let run =
        Run::load(&compiled.plan, &choices, loaded).map_err(|error| broken(&error.to_string()))?;
    Ok((0..compiled.plan.len()).map(|node| run.shown(node)).collect())
}

fn record(row: &NodeRow) -> Option<NodeRecord> {
    Some(NodeRecord {
        node: row.node,
        state: NodeState::from_number(row.state)?,
        generation: row.generation,
        attempt: row.attempt,
        epoch: row.epoch,
        wake_at: row.wake_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
    })
}
