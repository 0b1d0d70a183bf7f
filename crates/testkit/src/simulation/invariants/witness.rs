//! What somebody outside would see of the attempts.

use super::history::Watch;
use super::must;
use crate::simulation::agents::{Made, Phase};
use crate::simulation::tables::Tables;
use dayend_engine::codes::AttemptId;
use dayend_engine::definition::Work;
use dayend_engine::params::RunParams;
use dayend_engine::run::NodeState;
use dayend_executor::port::{Attempt, Outcome};
use dayend_service::compiled::{Compiled, Source};
use dayend_store::port::VersionKey;
use std::collections::BTreeMap;
use std::sync::Arc;

type Check = Result<(), String>;
type AllMade = BTreeMap<AttemptId, Made>;

/// An executor is asked to start only what is on disk as dispatched.
pub(in crate::simulation) fn dispatched_before_started(
    tables: &Tables,
    attempt: &Attempt,
) -> Check {
    let id = attempt.id;
    let row = tables.nodes.get(&id.run).and_then(|nodes| nodes.get(&id.node));
    let dispatched = row.is_some_and(|row| {
        row.epoch == id.epoch
            && row.attempt == attempt.attempt
            && row.generation == attempt.generation
            && NodeState::from_number(row.state).is_some_and(NodeState::has_attempt)
    });
    must(dispatched, || format!("{id:?} was started, and on disk there is {row:?}"))
}

/// What is started is of the definition version that the run was accepted with, with the parameters it came with.
pub(in crate::simulation) fn starts_what_was_accepted(
    tables: &Tables,
    compiled: &BTreeMap<VersionKey, Arc<Compiled>>,
    attempt: &Attempt,
) -> Check {
    let row = tables.runs.get(&attempt.id.run);
    let row = row.ok_or_else(|| format!("{:?} is of no run", attempt.id))?;
    let same = match compiled.get(&row.version).map(|compiled| &compiled.source) {
        Some(Source::Batch(batch)) => *batch == attempt.batch,
        Some(Source::Group(_)) | None => false,
    };
    must(same, || format!("{:?} is not of version {}", attempt.id, row.version.0))?;
    let came: RunParams = serde_json::from_str(&row.params).map_err(|error| error.to_string())?;
    let has =
        |(name, value): (&String, &String)| attempt.params.undeclared.get(name) == Some(value);
    let plain = attempt.spec().work == Work::Noop;
    must(plain || came.batch.iter().all(has), || {
        format!("{:?} has {:?} instead of {}", attempt.id, attempt.params, row.params)
    })
}

/// An attempt that is to be stopped was told so as soon as the server knew that this is on disk.
pub(in crate::simulation) fn what_is_to_stop_was_told(watch: &Watch, made: &AllMade) -> Check {
    for id in watch.acknowledged_stops() {
        let told = made
            .get(&id)
            .is_none_or(|made| made.doomed || matches!(made.phase, Phase::Over | Phase::GivenUp));
        must(told, || format!("{id:?} is to stop, and nobody told it"))?;
    }
    Ok(())
}

/// No attempt is started twice.
pub(in crate::simulation) fn started_once(made: &AllMade, attempt: &Attempt) -> Check {
    must(!made.contains_key(&attempt.id), || format!("{:?} was started twice", attempt.id))
}

/// No two attempts of a task run at the same time, but for one that was given up because nobody could know.
pub(in crate::simulation) fn one_process_a_task(made: &AllMade, id: AttemptId) -> Check {
    let other =
        of_task(made, id).find(|(other, made)| **other != id && made.phase == Phase::Running);
    must(other.is_none(), || format!("{id:?} runs while {:?} still runs", other.map(|(id, _)| id)))
}

/// A task that must not be repeated begins once a generation, and again only after an attempt that failed or never began.
pub(in crate::simulation) fn begun_by_rule(made: &AllMade, id: AttemptId) -> Check {
    let Some(this) = made.get(&id).filter(|made| !made.retry_if_lost) else { return Ok(()) };
    let earlier: Vec<&Made> = of_task(made, id)
        .filter(|(other, made)| other.epoch < id.epoch && made.generation == this.generation)
        .map(|(_, made)| made)
        .collect();
    for made in earlier {
        let void = made.reported.contains(&Outcome::Void);
        must(made.attempt < this.attempt || void, || {
            format!("{id:?} is attempt {} of its generation again", this.attempt)
        })?;
        must(!made.begun || !void, || format!("an attempt before {id:?} began and was void"))?;
        let end_known = made.reported.iter().any(|said| *said != Outcome::Lost);
        must(!made.begun || end_known, || {
            format!("{id:?} began although an earlier attempt ended as {:?}", made.reported)
        })?;
    }
    Ok(())
}

fn of_task(made: &AllMade, id: AttemptId) -> impl Iterator<Item = (&AttemptId, &Made)> {
    let first = AttemptId { epoch: 0, ..id };
    let last = AttemptId { epoch: u32::MAX, ..id };
    made.range(first..=last)
}
