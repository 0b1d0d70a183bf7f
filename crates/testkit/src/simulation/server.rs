//! The shell around the core, without a runtime: the same decisions as the conductor's own, taken one event at a time.
//! What it wants done stands in `wants` until the world does it.

use super::loads::Loads;
use dayend_engine::codes::RunKey;
use dayend_engine::run::Rejected;
use dayend_engine::time::Timestamp;
use dayend_executor::port::Report;
use dayend_service::conductor::core::{Core, Next, Released};
use dayend_service::conductor::input::{Answer, Command, Input};
use dayend_service::conductor::load::Tree;
use dayend_service::conductor::pending::Release;
use dayend_service::conductor::view::Views;
use dayend_store::port::{Group, Outcome, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const RETRY_PAUSE_US: i64 = 50_000;
pub(super) const RETRY_PAUSE_MAX_US: i64 = 2_000_000;

/// What the world does for the server.
#[derive(Debug)]
pub(super) enum Want {
    Commit(Group),
    Read(RunKey),
    Release(Release),
    Reply(u64, Answer),
    /// To be folded in again.
    Again(Report),
}

pub(super) struct Server {
    pub core: Core<u64>,
    pub views: Arc<Views>,
    pub wants: Vec<Want>,
    /// Nothing is committed before this instant of the steady clock.
    pub resume_at: Option<i64>,
    /// Another server owns the runs.
    pub fenced: bool,
    pub loads: Loads,
    committing: bool,
    healthy: bool,
    pause_us: i64,
}

impl Server {
    pub(super) fn new(core: Core<u64>, views: Arc<Views>) -> Self {
        Self {
            core,
            views,
            wants: Vec::new(),
            resume_at: None,
            fenced: false,
            loads: Loads::default(),
            committing: false,
            healthy: true,
            pause_us: RETRY_PAUSE_US,
        }
    }

    pub(super) fn fold(&mut self, input: Input<u64>, wall: Timestamp) {
        let input = match input {
            Input::Command(_, reply) if self.resume_at.is_some() => {
                let why = "the last change could not be stored; trying again".to_owned();
                return self.wants.push(Want::Reply(reply, Answer::NotStored(why)));
            }
            Input::Command(Command::Flush, reply) if self.loads.is_waited_for() => {
                return self.loads.flushes.push(reply);
            }
            Input::Command(..) | Input::Report(_) => input,
        };
        if let Err(unknown) = self.core.handle(input, wall) {
            let (run, input) = *unknown;
            self.loads.wait(run, input);
        }
    }

    /// What the conductor's loop does before it waits for the next event.
    pub(super) fn before_waiting(&mut self, wall: Timestamp) {
        self.begin_load(wall);
        // Last, so that nothing that was folded in stays uncommitted while the server sleeps.
        self.begin_commit(wall);
    }

    fn begin_load(&mut self, wall: Timestamp) {
        if self.resume_at.is_some() {
            return;
        }
        while let Some(run) = self.loads.next() {
            if self.core.knows(run) {
                self.fold_waiting(run, wall);
            } else {
                self.loads.reading = Some(run);
                return self.wants.push(Want::Read(run));
            }
        }
    }

    pub(super) fn loaded(
        &mut self,
        run: RunKey,
        tree: Result<Option<Tree>, StoreError>,
        wall: Timestamp,
        mono_us: i64,
    ) {
        self.loads.reading = None;
        let taken_in = match tree {
            Ok(Some(tree)) => self.core.insert(tree, wall),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match taken_in {
            Ok(()) => self.fold_waiting(run, wall),
            Err(error) => {
                let refused = self.loads.failed(run, mono_us);
                let answer = Answer::NotStored(error.to_string());
                let replies = refused.into_iter().map(|reply| Want::Reply(reply, answer.clone()));
                self.wants.extend(replies);
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
        if !self.loads.is_waited_for() {
            for reply in std::mem::take(&mut self.loads.flushes) {
                self.core.refuse(reply, Answer::Done);
            }
        }
        self.core.evict(&BTreeSet::from([run]));
    }

    fn begin_commit(&mut self, wall: Timestamp) {
        if self.committing || self.resume_at.is_some() {
            return;
        }
        match self.core.next(wall, !self.healthy) {
            Next::Nothing => {}
            Next::Answer(released) => self.release(released),
            Next::Commit(group) => {
                self.committing = true;
                self.wants.push(Want::Commit(group));
            }
        }
    }

    /// `Err`: nothing of the group was written.
    pub(super) fn finish_commit(&mut self, done: Result<Vec<Outcome>, String>, mono_us: i64) {
        self.committing = false;
        self.healthy = done.is_ok();
        match done {
            Ok(outcomes) => {
                self.pause_us = RETRY_PAUSE_US;
                let released = self.core.committed(outcomes);
                self.release(released);
            }
            Err(why) => {
                let released = self.core.not_done(&why);
                self.resume_at = Some(mono_us + self.pause_us);
                self.pause_us = (self.pause_us * 2).min(RETRY_PAUSE_MAX_US);
                self.release(released);
            }
        }
    }

    /// After every event.
    pub(super) fn tick(&mut self, wall: Timestamp, mono_us: i64) {
        self.resume_at = self.resume_at.filter(|at| *at > mono_us);
        self.loads.retry(mono_us);
        self.core.tick(wall);
    }

    fn release(&mut self, released: Released<u64>) {
        self.fenced |= released.fenced;
        let replies = released.replies.into_iter();
        self.wants.extend(replies.map(|(reply, answer)| Want::Reply(reply, answer)));
        self.wants.extend(released.releases.into_iter().map(Want::Release));
        for root in released.reload {
            self.loads.want_again(root);
        }
        self.wants.extend(released.reports.into_iter().map(Want::Again));
    }

    /// What is left over although nothing goes on: all numbers that the core tells of itself, and what waits.
    pub(super) fn leftovers(&self) -> Vec<String> {
        let mut left = self.loads.leftovers();
        let told = format!("{:?}", self.core);
        let numbers = told.split(['{', '}', ',']).filter_map(|part| part.split_once(": "));
        left.extend(
            numbers
                .filter(|(_, number)| number.trim().parse::<u64>().is_ok_and(|count| count > 0))
                .map(|(name, number)| format!("{} {}", number.trim(), name.trim())),
        );
        left.extend(self.core.next_wake().map(|at| format!("a timer at {at}")));
        left.extend(self.core.in_flight().map(|group| format!("group {} in flight", group.0)));
        left
    }
}
