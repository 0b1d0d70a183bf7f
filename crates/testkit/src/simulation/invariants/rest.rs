//! When nothing goes on any more.

use super::history::Watch;
use super::{must, rows};
use crate::simulation::server::Server;
use crate::simulation::tables::Tables;
use dayend_engine::codes::RunKey;
use dayend_engine::run::NodeState;

type Check = Result<(), String>;

/// Nobody else took the partition, so the server is never fenced.
pub(in crate::simulation) fn only_the_owner_conducts(server: &Server) -> Check {
    must(!server.desk.is_fenced(), || "the only server was fenced".to_owned())
}

/// Nodes that a person must release, in runs that have not ended.
pub(in crate::simulation) fn held_nodes(tables: &Tables, watch: &Watch) -> Vec<(RunKey, u32)> {
    let open = tables.runs.iter().filter(|(_, row)| !row.state.ended);
    open.filter_map(|(run, _)| watch.known(*run).ok().map(|known| (*run, known)))
        .flat_map(|(run, known)| {
            let states = known.states();
            let gone = known.graph.unreachable(&states);
            let held = (0_u32..).zip(states).filter(move |(node, state)| {
                *state == NodeState::Held && !gone.contains(&(*node as usize))
            });
            held.map(move |(node, _)| (run, node)).collect::<Vec<_>>()
        })
        .collect()
}

/// A run that has not ended has a held task or member somewhere in its tree, and nothing of it runs.
pub(in crate::simulation) fn only_holds_keep_runs_open(tables: &Tables, watch: &Watch) -> Check {
    let root = |run: RunKey| {
        tables.runs.get(&run).and_then(|row| row.parent).map_or(run, |(group, _)| group)
    };
    let held: Vec<RunKey> =
        held_nodes(tables, watch).into_iter().map(|(run, _)| root(run)).collect();
    for (run, row) in &tables.runs {
        let known = watch.known(*run)?;
        let active = !known.graph.is_group && known.states().iter().any(|state| state.is_active());
        must(!active, || format!("{run:?} still has attempts: {:?}", known.states()))?;
        must(row.state.ended || held.contains(&root(*run)), || {
            let members = rows::member_statuses(&watch.runs, known);
            let status = row.state.status;
            format!("{run:?} is {status} for ever: {:?}, members {members:?}", known.states())
        })?;
    }
    Ok(())
}

/// Nothing is held any more, so everything has ended.
pub(in crate::simulation) fn everything_ended(tables: &Tables) -> Check {
    let open = tables.runs.values().find(|row| !row.state.ended);
    must(open.is_none(), || format!("{:?} never ends", open.map(|row| (row.key, &row.state))))
}

/// No run, timer, key or report stays behind when all runs have ended.
pub(in crate::simulation) fn nothing_stays_in_memory(server: Option<&Server>) -> Check {
    let left = server.map(Server::leftovers).unwrap_or_default();
    must(left.is_empty(), || format!("in memory there is still {}", left.join(", ")))
}
