//! The executors and what they start: the true story of each attempt, whatever the server knows of it.

use super::invariants;
use super::world::{Check, Event, World};
use dayend_engine::codes::AttemptId;
use dayend_engine::definition::{OnLost, Work};
use dayend_executor::port::{Attempt, Fact, FileNote, FileUse, Outcome, Report};

/// How long an attempt hangs that is not stopped.
const HANG_US: i64 = 30_000_000;
/// How long a process takes to die when it is told to.
const GRACE_US: i64 = 400_000;

/// What runs an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The server's own process: dies with it, and leaves nothing.
    Inside,
    /// A process of its own, which outlives the server and leaves its outcome.
    Shim,
    /// Another system, which can be asked if its handle is known.
    Remote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Running,
    /// Nobody knows, and nobody will ask again; it may run on.
    GivenUp,
    Over,
}

/// The true story of one attempt.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub place: Place,
    pub phase: Phase,
    pub attempt: u32,
    pub generation: u32,
    pub retry_if_lost: bool,
    pub begun: bool,
    /// It was told to stop: interrupted, or its time was up.
    pub doomed: bool,
    pub truth: Option<Outcome>,
    /// Everything that was ever said about its end.
    pub reported: Vec<Outcome>,
}

impl Made {
    fn of(attempt: &Attempt, phase: Phase) -> Self {
        let place = match attempt.spec().work {
            Work::Noop | Work::Sql(_) | Work::File(_) => Place::Inside,
            Work::Command(_) => Place::Shim,
            Work::Http(_) => Place::Remote,
        };
        Self {
            place,
            phase,
            attempt: attempt.attempt,
            generation: attempt.generation,
            retry_if_lost: attempt.spec().on_lost == OnLost::Retry,
            begun: false,
            doomed: false,
            truth: None,
            reported: Vec::new(),
        }
    }
}

impl World {
    pub(super) fn start(&mut self, attempt: &Attempt) -> Check {
        invariants::dispatched_before_started(&self.store.tables(), attempt)?;
        invariants::started_once(&self.made, attempt)?;
        invariants::starts_what_was_accepted(&self.store.tables(), &self.compiled, attempt)?;
        self.made.insert(attempt.id, Made::of(attempt, Phase::Queued));
        self.soon(self.faults.work_us / 4, None, Event::Begin(attempt.id));
        Ok(())
    }

    /// The attempt leaves the executor's queue and really runs: what a witness outside would see.
    pub(super) fn begin(&mut self, id: AttemptId) -> Check {
        let Some(made) = self.made.get_mut(&id).filter(|made| made.phase == Phase::Queued) else {
            return Ok(());
        };
        made.phase = Phase::Running;
        made.begun = true;
        let place = made.place;
        invariants::one_process_a_task(&self.made, id)?;
        invariants::begun_by_rule(&self.made, id)?;
        if !self.random.chance(self.faults.unstarted) {
            self.tell(id, Fact::Started);
        }
        if place == Place::Remote && self.random.chance(70) {
            let handle = format!("poll/{}/{}/{}", id.run.0, id.node, id.epoch);
            self.tell(id, Fact::Accepted { handle });
        }
        let hangs = self.random.chance(self.faults.hang);
        let lasts_us = if hangs { HANG_US } else { self.random.up_to(self.faults.work_us) };
        self.schedule(lasts_us, None, Event::End(id));
        Ok(())
    }

    pub(super) fn end(&mut self, id: AttemptId) {
        let fails = self.random.chance(self.faults.fail);
        let vanishes = self.random.chance(self.faults.vanish);
        let survives_stop = self.random.chance(10);
        let Some(made) = self.made.get_mut(&id).filter(|made| made.phase == Phase::Running) else {
            return;
        };
        let failed = (made.doomed && !survives_stop) || fails;
        made.truth = Some(if failed { Outcome::Failed } else { Outcome::Succeeded });
        if vanishes {
            made.phase = Phase::GivenUp;
            self.schedule(2_000_000, None, Event::Truth(id));
            return self.end_with(id, Outcome::Lost);
        }
        made.phase = Phase::Over;
        let truth = made.truth.unwrap_or(Outcome::Failed);
        if made.place == Place::Shim {
            self.tell_files(id);
        }
        self.end_with(id, truth);
    }

    /// Every second attempt of a command had to do with a file, which is named for it.
    fn tell_files(&mut self, id: AttemptId) {
        if id.epoch.is_multiple_of(2) {
            let name = format!("{}/{}/{}", id.run.0, id.node, id.epoch);
            let purpose = FileUse::Out;
            let files = vec![FileNote { purpose, name, size_bytes: 1, sha256: "0".repeat(64) }];
            self.tell(id, Fact::Files { files });
        }
    }

    /// The real outcome of an attempt that was given up arrives after all.
    pub(super) fn truth(&mut self, id: AttemptId) {
        let truth = self.made.get(&id).and_then(|made| made.truth);
        if let Some(truth) = truth {
            self.end_with(id, truth);
        }
    }

    pub(super) fn stop(&mut self, id: AttemptId) {
        let Some(made) = self.made.get_mut(&id) else { return };
        made.doomed = true;
        match made.phase {
            Phase::Queued => {
                made.phase = Phase::Over;
                self.end_with(id, Outcome::Failed);
            }
            Phase::Running => self.soon(GRACE_US, None, Event::End(id)),
            Phase::GivenUp | Phase::Over => {}
        }
    }

    /// A server that starts asks what became of an attempt. What nobody knows was lost; a command that never began
    /// never will.
    pub(super) fn adopt(&mut self, attempt: &Attempt) {
        let id = attempt.id;
        let made = self.made.entry(id).or_insert_with(|| Made::of(attempt, Phase::Queued));
        let answer = match (made.phase, made.place) {
            (Phase::Queued, place) => {
                made.phase = Phase::Over;
                Some(if place == Place::Shim { Outcome::Void } else { Outcome::Lost })
            }
            (Phase::Running, Place::Shim) => None,
            (Phase::Running, Place::Remote) if attempt.handle.is_some() => None,
            (Phase::Over, Place::Shim) => {
                // It was stopped in the queue, or is void already.
                let unknown = if made.begun { Outcome::Lost } else { Outcome::Void };
                Some(made.truth.unwrap_or(unknown))
            }
            (Phase::Over, Place::Remote) if attempt.handle.is_some() => {
                Some(made.truth.unwrap_or(Outcome::Lost))
            }
            (Phase::Running, _) => {
                made.phase = Phase::GivenUp;
                Some(Outcome::Lost)
            }
            (Phase::GivenUp | Phase::Over, _) => Some(Outcome::Lost),
        };
        match answer {
            Some(outcome) => {
                self.sums.voids += u64::from(outcome == Outcome::Void);
                self.end_with(id, outcome);
            }
            None => self.tell(id, Fact::Started),
        }
    }

    /// The server's process is gone, and with it all that ran inside.
    pub(super) fn processes_die(&mut self) {
        for made in self.made.values_mut().filter(|made| made.place == Place::Inside) {
            if matches!(made.phase, Phase::Queued | Phase::Running) {
                made.phase = Phase::Over;
            }
        }
    }

    fn end_with(&mut self, id: AttemptId, outcome: Outcome) {
        if let Some(made) = self.made.get_mut(&id) {
            made.reported.push(outcome);
        }
        self.tell(id, Fact::Ended { outcome, message: String::new() });
    }

    fn tell(&mut self, id: AttemptId, fact: Fact) {
        let at = self.wall();
        self.deliver(Report { id, at, fact });
    }
}
