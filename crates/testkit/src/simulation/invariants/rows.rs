//! The committed rows: what the history says, and what the nodes make of the run.

use super::known::Known;
use super::must;
use crate::simulation::tables::Tables;
use dayend_engine::codes::RunKey;
use dayend_engine::run::{Gate, NodeState};
use dayend_engine::status::Status;
use dayend_store::port::{HistoryRecord, RunRow};
use std::collections::BTreeMap;

type Check = Result<(), String>;
type Runs = BTreeMap<RunKey, Known>;

/// Replaying all records gives every row.
pub(super) fn history_replays_to_the_rows(known: &Known, run: RunKey, tables: &Tables) -> Check {
    let row = tables.runs.get(&run).ok_or_else(|| format!("{run:?} has no row"))?;
    must(row.state == known.state, || {
        format!("{run:?} is {:?}, and its history says {:?}", row.state, known.state)
    })?;
    let none = BTreeMap::new();
    let nodes = tables.nodes.get(&run).unwrap_or(&none);
    must(*nodes == known.rows, || {
        format!("the nodes of {run:?} are {nodes:?}, and its history says {:?}", known.rows)
    })
}

/// A run has a record in the very commit that makes it.
pub(super) fn a_run_is_born_with_a_record(new: &[RunRow], history: &[HistoryRecord]) -> Check {
    let recorded = |row: &&RunRow| history.iter().any(|record| record.run == Some(row.key));
    let silent = new.iter().find(|row| !recorded(row));
    must(silent.is_none(), || format!("{:?} has no history", silent.map(|row| row.key)))
}

/// A group and its members appear together.
pub(super) fn a_group_has_all_its_members(known: &Known) -> Check {
    let (have, want) = (known.members.len(), known.graph.nodes.len());
    must(!known.graph.is_group || have == want, || {
        format!("the group {} has {have} of {want} members", known.run_id)
    })
}

/// What is stored of a run is what its nodes and members make of it, at every commit.
pub(super) fn state_is_the_roll_up(runs: &Runs, run: RunKey) -> Check {
    let Some(known) = runs.get(&run) else { return Ok(()) };
    let (status, own_end) = known.roll_up(&member_statuses(runs, known));
    let group = known.parent.and_then(|(group, _)| runs.get(&group));
    let closed = known.gate() != Gate::Open
        && group.is_some_and(|group| group.roll_up(&member_statuses(runs, group)).1);
    let stored = (known.state.status, known.state.ended);
    must(stored == (status, own_end || closed), || {
        format!(
            "{run:?} is stored as {stored:?}, and its tasks {:?} make {:?} of it",
            known.states(),
            (status, own_end || closed)
        )
    })
}

/// A settled node of a group is what its member run is.
pub(super) fn a_group_says_what_its_members_say(runs: &Runs, run: RunKey) -> Check {
    let Some(known) = runs.get(&run).filter(|known| known.graph.is_group) else { return Ok(()) };
    for ((node, now), status) in known.nodes.iter().enumerate().zip(member_statuses(runs, known)) {
        let want = match now.state {
            NodeState::Successful => Status::Successful,
            NodeState::Failed => Status::Failed,
            NodeState::Interrupted => Status::Interrupted,
            NodeState::Aborted => Status::Aborted,
            NodeState::Excluded => Status::Excluded,
            NodeState::Held => Status::Held,
            NodeState::Waiting => Status::NotStarted,
            NodeState::Running
            | NodeState::Stopping
            | NodeState::Recycling
            | NodeState::Backoff => continue,
        };
        must(status == want, || {
            format!("node {node} of {run:?} is {:?}, and its member is {status}", now.state)
        })?;
    }
    Ok(())
}

/// The statuses of a group's member runs, in node order.
pub(super) fn member_statuses(runs: &Runs, known: &Known) -> Vec<Status> {
    let status =
        |member: &RunKey| runs.get(member).map_or(Status::NotStarted, |member| member.state.status);
    known.members.iter().map(status).collect()
}
