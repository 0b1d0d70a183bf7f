//! What clients were told, against what is on disk.

use super::must;
use crate::simulation::clients::{Asked, Clients, actor, mark};
use crate::simulation::tables::Tables;
use dayend_service::conductor::input::Answer;
use dayend_store::port::{Outcome, RunRow};

type Check = Result<(), String>;

/// An answer rests on what is on disk already; all answers to one key name the same run.
pub(in crate::simulation) fn answered_after_the_commit(
    tables: &Tables,
    clients: &Clients,
    request: usize,
    answer: &Answer,
) -> Check {
    let Some(one) = clients.requests.get(request) else {
        return Err(format!("an answer to nobody: {answer:?}"));
    };
    match answer {
        Answer::Created(run) => {
            let row = tables.runs.values().find(|row| row.run_id == *run);
            let made = row.is_some_and(|row| row.params.contains(&mark(request)));
            must(made, || format!("request {request} was told of {run}, which is not on disk"))?;
            let known = one.run.as_ref();
            must(known.is_none_or(|known| known == run), || {
                format!("request {request} was told of {run}, and before of {known:?}")
            })
        }
        Answer::Done if matches!(one.asked, Asked::Verb { .. }) => left_a_record(tables, request),
        Answer::Written(Outcome::Applied) => left_a_record(tables, request),
        Answer::Done
        | Answer::Written(Outcome::LostRace)
        | Answer::Rejected(_)
        | Answer::Raced
        | Answer::NotStored(_)
        | Answer::InDoubt(_) => Ok(()),
    }
}

/// In the end an accepted request is there for ever, once; any other one at most once; a refused one not at all.
pub(in crate::simulation) fn every_request_left_its_traces(
    tables: &Tables,
    clients: &Clients,
) -> Check {
    for (request, one) in clients.requests.iter().enumerate() {
        match &one.asked {
            Asked::Trigger { .. } => {
                let runs = made_by(tables, request);
                must(runs.len() <= 1, || format!("request {request} made {} runs", runs.len()))?;
                must(!one.refused || runs.is_empty(), || {
                    format!("request {request} was refused, and made a run")
                })?;
                let told = !one.accepted
                    || runs.first().is_some_and(|row| Some(&row.run_id) == one.run.as_ref());
                must(told, || format!("the run {:?} of request {request} is gone", one.run))?;
            }
            Asked::Verb { .. } | Asked::Define { .. } if one.accepted => {
                left_a_record(tables, request)?;
            }
            Asked::Verb { .. } | Asked::Define { .. } | Asked::Flush => {}
        }
    }
    Ok(())
}

fn made_by(tables: &Tables, request: usize) -> Vec<&RunRow> {
    let mark = mark(request);
    let by = |row: &&RunRow| row.parent.is_none() && row.params.contains(&mark);
    tables.runs.values().filter(by).collect()
}

fn left_a_record(tables: &Tables, request: usize) -> Check {
    let actor = actor(request);
    let found = tables.history.iter().rev().any(|row| row.record.actor == actor);
    must(found, || format!("request {request} was accepted, and is not in the history"))
}
