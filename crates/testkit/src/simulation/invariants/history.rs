//! The history, record by record: each change is a listed one, each start has its reasons, and the whole is the rows.

use super::known::{Known, NodeNow};
use super::transitions::Step;
use super::{must, rows};
use crate::simulation::agents::Made;
use crate::simulation::graph::Graph;
use crate::simulation::tables::Tables;
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::run::NodeState;
use dayend_engine::status::Status;
use dayend_store::history::StepDetail;
use dayend_store::port::{
    Group, GroupId, HistoryRecord, Outcome, RunRow, RunState, VersionKey, Write,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Check = Result<(), String>;

/// Everything that the history has told so far.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Watch {
    pub(super) runs: BTreeMap<RunKey, Known>,
    /// What readers may see since the last commit that the server knows of.
    pub(super) seen: BTreeMap<RunKey, Seen>,
    /// Committed, but the server does not know yet.
    unacknowledged: BTreeMap<RunKey, Seen>,
    group_of_actor: BTreeMap<String, GroupId>,
    refused: BTreeSet<String>,
}

/// What a reader sees of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub state: RunState,
    pub shown: Vec<Status>,
}

impl Watch {
    /// A group is on disk.
    pub(in crate::simulation) fn committed(
        &mut self,
        group: &Group,
        outcomes: &[Outcome],
        tables: &Tables,
        graphs: &BTreeMap<VersionKey, Arc<Graph>>,
        made: &BTreeMap<AttemptId, Made>,
    ) -> Check {
        let mut touched = BTreeSet::new();
        let applied =
            group.writes.iter().zip(outcomes).filter(|(_, one)| **one == Outcome::Applied);
        for (write, _) in applied {
            let Write::Runs { new, history, .. } = write else {
                for record in write.history() {
                    self.by_actor(record, group.id)?;
                }
                continue;
            };
            for row in new {
                self.born(row, graphs)?;
                touched.insert(row.key);
            }
            rows::a_run_is_born_with_a_record(new, history)?;
            for record in history {
                self.record(record, group.id, made)?;
                touched.extend(record.run);
            }
        }
        for run in &touched {
            rows::history_replays_to_the_rows(self.known(*run)?, *run, tables)?;
            rows::a_group_has_all_its_members(self.known(*run)?)?;
        }
        for run in self.related(&touched) {
            rows::state_is_the_roll_up(&self.runs, run)?;
            rows::a_group_says_what_its_members_say(&self.runs, run)?;
            let seen = self.seen_of(run)?;
            self.unacknowledged.insert(run, seen);
        }
        Ok(())
    }

    /// The server knows of all that is on disk.
    pub(in crate::simulation) fn acknowledged(&mut self) {
        self.seen.append(&mut self.unacknowledged);
    }

    /// Attempts that are to stop, of all runs of which the server knows everything.
    pub(super) fn acknowledged_stops(&self) -> impl Iterator<Item = AttemptId> + '_ {
        let known = self.runs.iter().filter(|(run, known)| {
            !known.state.ended && !known.graph.is_group && !self.unacknowledged.contains_key(run)
        });
        known.flat_map(|(run, known)| {
            let stopping = |(_, now): &(u32, &NodeNow)| {
                matches!(now.state, NodeState::Stopping | NodeState::Recycling)
            };
            (0_u32..).zip(&known.nodes).filter(stopping).map(|(node, now)| AttemptId {
                run: *run,
                node,
                epoch: now.epoch,
            })
        })
    }

    /// Somebody was told that nothing of the request happened.
    pub(in crate::simulation) fn refused(&mut self, actor: String) {
        self.refused.insert(actor);
    }

    pub(super) fn known(&self, run: RunKey) -> Result<&Known, String> {
        self.runs.get(&run).ok_or_else(|| format!("a record of {run:?}, which does not exist"))
    }

    pub(super) fn seen_of(&self, run: RunKey) -> Result<Seen, String> {
        let known = self.known(run)?;
        let members = rows::member_statuses(&self.runs, known);
        let shown = if known.graph.is_group {
            members
        } else {
            known.graph.shown(&known.states(), &members)
        };
        Ok(Seen { state: known.state.clone(), shown })
    }

    fn born(&mut self, row: &RunRow, graphs: &BTreeMap<VersionKey, Arc<Graph>>) -> Check {
        let graph = graphs.get(&row.version);
        let graph = graph.ok_or_else(|| format!("{:?} has no definition", row.key))?;
        self.runs.insert(row.key, Known::new(row, Arc::clone(graph))?);
        if let Some((group, _)) = row.parent {
            let group = self.runs.get_mut(&group);
            group
                .ok_or_else(|| format!("{:?} came before its group", row.key))?
                .members
                .push(row.key);
        }
        Ok(())
    }

    /// Runs whose status may be another one now.
    fn related(&self, touched: &BTreeSet<RunKey>) -> BTreeSet<RunKey> {
        let known = touched.iter().filter_map(|run| self.runs.get(run));
        let around = known.flat_map(|known| {
            known.members.iter().copied().chain(known.parent.map(|(group, _)| group))
        });
        around.chain(touched.iter().copied()).collect()
    }

    /// A refused request leaves nothing; an accepted one leaves everything in one commit.
    fn by_actor(&mut self, record: &HistoryRecord, group: GroupId) -> Check {
        if record.actor == "dayend" {
            return Ok(());
        }
        must(!self.refused.contains(&record.actor), || {
            format!("{} was refused, and its {} happened all the same", record.actor, record.event)
        })?;
        let first = *self.group_of_actor.entry(record.actor.clone()).or_insert(group);
        must(first == group, || format!("the {} of {} happened twice", record.event, record.actor))
    }

    fn record(
        &mut self,
        record: &HistoryRecord,
        group: GroupId,
        made: &BTreeMap<AttemptId, Made>,
    ) -> Check {
        self.by_actor(record, group)?;
        let Some(run) = record.run else { return Ok(()) };
        let detail =
            StepDetail::from_json(run, &record.detail).map_err(|error| error.to_string())?;
        let command = detail.command.as_deref().unwrap_or_default();
        self.bind(run, command, detail.state.interrupted)?;
        let known = self.runs.get_mut(&run);
        let known = known.ok_or_else(|| format!("a record of {run:?}, which does not exist"))?;
        let reopened = detail.state.generation > known.state.generation;
        must(detail.state.generation >= known.state.generation, || {
            format!("{run:?} went back to an earlier generation")
        })?;
        known.state = detail.state;
        for row in detail.nodes {
            let step = Step { run, command, row: &row, made };
            step.check(known).map_err(|why| format!("{run:?}, {}: {why}", record.event))?;
            known.rows.insert(row.node, row);
        }
        // In a group one member alone may be restarted.
        let whole = reopened && command == "restart" && !known.graph.is_group;
        must(!whole || nothing_unsuccessful(known), || {
            format!("{run:?}: a restart left something unsuccessful: {:?}", known.states())
        })
    }

    /// From an interrupt on nothing starts, in a group's members neither, until a restart.
    fn bind(&mut self, run: RunKey, command: &str, interrupted: bool) -> Check {
        let bound = match command {
            // The interrupt of one member reaches the group, but is not the group's.
            "interrupt" if interrupted => true,
            "restart" => false,
            _ => return Ok(()),
        };
        let known = self.known(run)?;
        // The restart of one member reaches the group, but does not end the group's interrupt.
        let reaches = if bound || !interrupted { known.members.clone() } else { Vec::new() };
        for one in reaches.into_iter().chain([run]) {
            let open =
                self.runs.get_mut(&one).filter(|known| !bound || !known.state.ended || one == run);
            if let Some(known) = open {
                known.bound = bound;
            }
        }
        Ok(())
    }
}

fn nothing_unsuccessful(known: &Known) -> bool {
    !known.states().iter().any(|state| {
        matches!(
            state,
            NodeState::Failed
                | NodeState::Interrupted
                | NodeState::Aborted
                | NodeState::Held
                | NodeState::Stopping
        )
    })
}
