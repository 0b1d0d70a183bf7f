//! Everything that the conductor's shell decides, synchronous and pure: inputs, two clocks, and what became of commits and
//! reads go in; what is to be done comes out as [`Want`]s. The simulation runs this same code.

use super::commit::RETRY_PAUSE_MAX;
use super::core::{Core, Next, Released};
use super::handle::{ConductorSettings, UNKNOWN};
use super::input::{Answer, Command, Input};
use super::load::Tree;
use super::loads::Loads;
use super::pending::Release;
use crate::admission::places;
use dayend_engine::codes::RunKey;
use dayend_engine::run::Rejected;
use dayend_engine::time::Timestamp;
use dayend_executor::port::Report;
use dayend_store::port::{Group, Outcome, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the time is.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// What the machine's clock says; somebody may set it.
    pub wall: Timestamp,
    /// How long the conductor has been at work.
    pub steady: Duration,
}

/// What is to be done, in this order.
#[derive(Debug)]
pub enum Want<R> {
    /// [`Desk::finish_commit`] wants to know what became of it.
    Commit(Group),
    /// [`Desk::loaded`] wants the tree.
    Read(RunKey),
    /// It is on disk, so it may happen.
    Release(Release),
    Reply(R, Answer),
    /// To be folded in again.
    Again(Report),
}

/// Whether a group is under way to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    Nothing,
    UnderWay,
    /// The store does not say what became of it.
    InDoubt,
}

/// The core, and what waits for it or for the store.
pub struct Desk<R> {
    core: Core<R>,
    loads: Loads<R>,
    wants: Vec<Want<R>>,
    settings: ConductorSettings,
    flight: Flight,
    /// Places of the commands in the open group.
    gathered: usize,
    healthy: bool,
    pause: Duration,
    /// After a failed commit nothing is committed before this.
    resume_at: Option<Duration>,
    stopping: bool,
    fenced: bool,
}

impl<R> Desk<R> {
    /// A desk at which nothing lies yet.
    pub fn new(core: Core<R>, settings: ConductorSettings) -> Self {
        Self {
            core,
            loads: Loads::new(settings.retry_pause),
            wants: Vec::new(),
            settings,
            flight: Flight::Nothing,
            gathered: 0,
            healthy: true,
            pause: settings.retry_pause,
            resume_at: None,
            stopping: false,
            fenced: false,
        }
    }

    /// Exchanges what is to be done for an empty list.
    pub fn take_wants(&mut self, into: &mut Vec<Want<R>>) {
        std::mem::swap(&mut self.wants, into);
    }

    /// Whether the last group could be stored.
    pub fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// Takes nothing more, and ends when all that was folded in is on disk.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Nothing more is taken, because it was told so or because another server owns the runs.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// It was told to stop, and nothing of it is on its way to the store any more.
    pub fn is_done(&self) -> bool {
        self.stopping && self.flight == Flight::Nothing
    }

    /// Another server owns the runs.
    pub fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// While a group is full commands wait in their queue, which refuses them when it is full too; while they would be
    /// refused here, they need not wait.
    pub fn takes_commands(&self) -> bool {
        self.gathered < self.settings.burst || self.refuses_commands()
    }

    fn refuses_commands(&self) -> bool {
        self.resume_at.is_some() || self.flight == Flight::InDoubt
    }

    /// How long nothing is due.
    pub fn quiet_for(&self, now: Now) -> Option<Duration> {
        let due = self.core.next_wake().map(|at| {
            let left_us = at.0.saturating_sub(now.wall.0).max(0);
            Duration::from_micros(u64::try_from(left_us).unwrap_or_default())
        });
        let again = [self.resume_at, self.loads.retry_at()].into_iter().flatten();
        due.into_iter().chain(again.map(|at| at.saturating_sub(now.steady))).min()
    }

    /// Folds in a command or a report.
    pub fn fold(&mut self, input: Input<R>, wall: Timestamp) {
        let Input::Command(command, reply) = input else {
            return self.hand_to_core(input, wall);
        };
        if self.refuses_commands() {
            let why = "the last change could not be stored; trying again".to_owned();
            return self.wants.push(Want::Reply(reply, Answer::NotStored(why)));
        }
        self.gathered += places(&command);
        if matches!(command, Command::Flush) && self.loads.is_waited_for() {
            return self.loads.wait_for_all(reply);
        }
        self.hand_to_core(Input::Command(command, reply), wall);
    }

    fn hand_to_core(&mut self, input: Input<R>, wall: Timestamp) {
        if let Err(unknown) = self.core.handle(input, wall) {
            let (run, input) = *unknown;
            if let Some(reply) = self.loads.wait(run, input) {
                let why = "too many requests wait; try again in a moment".to_owned();
                self.wants.push(Want::Reply(reply, Answer::NotStored(why)));
            }
        }
    }

    /// What is due by now.
    pub fn tick(&mut self, now: Now) {
        self.resume_at = self.resume_at.filter(|at| *at > now.steady);
        self.loads.retry(now.steady);
        self.core.tick(now.wall);
    }

    /// Before waiting for anything: begins the next read and the next commit.
    pub fn go_on(&mut self, now: Now) {
        self.begin_load(now.wall);
        // Last, so that nothing that was folded in stays uncommitted while the conductor sleeps.
        self.begin_commit(now.wall);
    }

    /// Reads the next run that is wanted in memory and is not there yet.
    fn begin_load(&mut self, wall: Timestamp) {
        if self.resume_at.is_some() {
            return;
        }
        while let Some(run) = self.loads.next() {
            if self.core.knows(run) {
                self.fold_waiting(run, wall);
            } else {
                self.loads.begin(run);
                return self.wants.push(Want::Read(run));
            }
        }
    }

    /// A tree was read, as it was on disk when the store looked.
    pub fn loaded(&mut self, run: RunKey, tree: Result<Option<Tree>, StoreError>, now: Now) {
        self.loads.end();
        let taken_in = match tree {
            Ok(Some(tree)) => self.core.insert(tree, now.wall),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match taken_in {
            Ok(()) => self.fold_waiting(run, now.wall),
            Err(error) => {
                tracing::error!(run.key = run.0, "a run could not be read: {error}");
                for reply in self.loads.failed(run, now.steady) {
                    self.wants.push(Want::Reply(reply, Answer::NotStored(error.to_string())));
                }
            }
        }
    }

    fn fold_waiting(&mut self, run: RunKey, wall: Timestamp) {
        self.loads.succeeded(run);
        for input in self.loads.take(run) {
            if let Err(unknown) = self.core.handle(input, wall)
                && let (_, Input::Command(_, reply)) = *unknown
            {
                self.core.refuse(reply, Answer::Rejected(Rejected::NoSuchNode));
            }
        }
        for reply in self.loads.take_flushes() {
            self.core.refuse(reply, Answer::Done);
        }
        // A run that was only looked at need not stay.
        self.core.evict(&BTreeSet::from([run]));
    }

    fn begin_commit(&mut self, wall: Timestamp) {
        if self.flight != Flight::Nothing || self.resume_at.is_some() {
            return;
        }
        self.gathered = 0;
        // After a failure even nothing is committed, to learn whether the store works again.
        let probe = !self.healthy && !self.stopping;
        match self.core.next(wall, probe) {
            Next::Nothing => {}
            Next::Answer(released) => self.release(released),
            Next::Commit(group) => {
                self.flight = Flight::UnderWay;
                self.wants.push(Want::Commit(group));
            }
        }
    }

    /// The store does not say what became of the group under way. Nobody is kept waiting for that.
    pub fn doubtful(&mut self) {
        if self.flight == Flight::Nothing {
            return;
        }
        self.flight = Flight::InDoubt;
        self.healthy = false;
        for reply in self.core.take_replies() {
            self.wants.push(Want::Reply(reply, Answer::InDoubt(UNKNOWN.to_owned())));
        }
    }

    /// The group under way is on disk, or nothing of it was written.
    pub fn finish_commit(&mut self, done: Result<Vec<Outcome>, String>, steady: Duration) {
        self.flight = Flight::Nothing;
        self.healthy = done.is_ok();
        let released = match done {
            Ok(outcomes) => {
                self.pause = self.settings.retry_pause;
                self.core.committed(outcomes)
            }
            Err(why) => {
                tracing::error!("a group of changes was not stored: {why}");
                self.resume_at = Some(steady + self.pause);
                self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
                self.core.not_done(&why)
            }
        };
        self.release(released);
    }

    fn release(&mut self, released: Released<R>) {
        if released.fenced {
            tracing::error!("another server took over the database: this one stops conducting");
            self.fenced = true;
            self.stopping = true;
        }
        let replies = released.replies.into_iter();
        self.wants.extend(replies.map(|(reply, answer)| Want::Reply(reply, answer)));
        self.wants.extend(released.releases.into_iter().map(Want::Release));
        for root in released.reload {
            self.loads.want_again(root);
        }
        self.wants.extend(released.reports.into_iter().map(Want::Again));
    }
}

impl<R> std::fmt::Debug for Desk<R> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Desk")
            .field("core", &self.core)
            .field("loads", &self.loads)
            .field("flight", &self.flight)
            .field("healthy", &self.healthy)
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}
