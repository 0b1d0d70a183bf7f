//! Finding the run that a request names, live or not.

use crate::compiled::Compiled;
use crate::conductor::view::{Seen, View};
use crate::requests::{Refusal, RunRequest};
use crate::stored::StoredChoices;
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{RunId, RunKey, shortened};
use dayend_engine::run::{Gate, Loaded, NodeRecord, NodeState, Run};
use dayend_engine::status::Status;
use dayend_store::port::{NodeRow, RunRow, StoreError};
use std::sync::Arc;

/// A run as of the last commit.
pub(super) struct Found {
    pub row: RunRow,
    pub compiled: Arc<Compiled>,
    pub seen: Seen,
    pub members: Vec<RunId>,
    /// Only live runs have one.
    pub view: Option<Arc<View>>,
}

impl Service {
    /// The row of the run, as of its creation for live ones. A run of another scope does not exist.
    pub(super) async fn find_row(&self, request: &RunRequest) -> Result<RunRow, Refusal> {
        let missing = || Refusal::NotFound { what: "run", id: shortened(&request.run_id) };
        let id: RunId = request.run_id.parse().map_err(|_| missing())?;
        let row = match self.conductor.views.find(&request.scope.tenant, &id) {
            Some(view) => Some(view.row.clone()),
            None => self.store.run_by_id(&request.scope.tenant, &id).await.map_err(unavailable)?,
        };
        let row = row.filter(|row| row.scope == request.scope).ok_or_else(missing)?;
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
            _ => Ok(row),
        }
    }

    /// The run with its committed state.
    pub(super) async fn find_run(&self, request: &RunRequest) -> Result<Found, Refusal> {
        let row = self.find_row(request).await?;
        if let Some(view) = self.conductor.views.find(&row.scope.tenant, &row.run_id) {
            let (seen, members) = (view.read(Seen::clone), view.members.clone());
            return Ok(Found {
                row,
                compiled: Arc::clone(&view.compiled),
                seen,
                members,
                view: Some(view),
            });
        }
        self.read_ended(row.key).await.map_err(unavailable)
    }

    /// A run that is not in memory, from its rows.
    async fn read_ended(&self, key: RunKey) -> Result<Found, StoreError> {
        let missing = || StoreError::Inconsistent(format!("run number {} has vanished", key.0));
        let row = self.store.run_by_key(key).await?.ok_or_else(missing)?;
        let compiled = self.conductor.catalogue.version(row.version).await?;
        let nodes = self.store.nodes(key).await?;
        let members =
            if compiled.plan.is_group() { self.store.members(key).await? } else { Vec::new() };
        let mut shown: Vec<Status> = shown(&row, &compiled, &nodes)?;
        for (slot, member) in shown.iter_mut().zip(&members) {
            *slot = member.state.status;
        }
        let revision = row.state.ended_at.map_or(0, |at| u64::try_from(at.0).unwrap_or_default());
        let seen = Seen { shown, state: row.state.clone(), revision };
        Ok(Found {
            row,
            compiled,
            seen,
            members: members.into_iter().map(|member| member.run_id).collect(),
            view: None,
        })
    }
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
