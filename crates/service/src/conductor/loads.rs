//! Runs on their way from the store into memory, and what waits for them.

use super::commit::RETRY_PAUSE_MAX;
use super::input::{Answer, Input};
use super::load::Tree;
use super::shell::{Reply, answer};
use crate::compiled::Catalogue;
use dayend_engine::codes::RunKey;
use dayend_store::port::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The most commands that wait for runs; more are refused.
const WAITING_MAX: usize = 4096;

/// Reads one run tree at a time: of two readings that overlap, the older one could arrive last.
pub(super) struct Loads {
    reading: Option<Reading>,
    wanted: BTreeSet<RunKey>,
    /// Were in memory, and go on only when they are there again.
    dropped: BTreeSet<RunKey>,
    /// Could not be read; wanted again at `retry_at`.
    failed: BTreeSet<RunKey>,
    retry_at: Option<Instant>,
    first_pause: Duration,
    pause: Duration,
    /// Inputs by the run that they named.
    waiting: BTreeMap<RunKey, Vec<Input<Reply>>>,
    waiting_commands: usize,
    /// Wait until all reports were folded in.
    flushes: Vec<Reply>,
}

struct Reading {
    run: RunKey,
    task: JoinHandle<Result<Option<Tree>, StoreError>>,
}

impl Loads {
    /// Nothing is wanted yet; what cannot be read is tried again after `pause`, then later and later.
    pub(super) fn new(pause: Duration) -> Self {
        Self {
            reading: None,
            wanted: BTreeSet::new(),
            dropped: BTreeSet::new(),
            failed: BTreeSet::new(),
            retry_at: None,
            first_pause: pause,
            pause,
            waiting: BTreeMap::new(),
            waiting_commands: 0,
            flushes: Vec::new(),
        }
    }

    /// The run is needed in memory.
    pub(super) fn want(&mut self, run: RunKey) {
        let known = self.reading.as_ref().is_some_and(|reading| reading.run == run);
        if !known && !self.failed.contains(&run) {
            self.wanted.insert(run);
        }
    }

    /// The run was dropped from memory although it goes on.
    pub(super) fn want_again(&mut self, run: RunKey) {
        self.dropped.insert(run);
        self.want(run);
    }

    /// Keeps an input until its run is there.
    pub(super) fn wait(&mut self, run: RunKey, input: Input<Reply>) {
        let input = match input {
            Input::Command(_, reply) if self.waiting_commands >= WAITING_MAX => {
                return answer(
                    reply,
                    Answer::NotStored("too many requests wait; try again in a moment".to_owned()),
                );
            }
            Input::Command(..) => {
                self.waiting_commands += 1;
                input
            }
            Input::Report(_) => input,
        };
        self.waiting.entry(run).or_default().push(input);
        self.want(run);
    }

    /// Keeps the question whether everything is on disk, if something waits.
    pub(super) fn wait_for_all(&mut self, reply: Reply) -> Result<(), Reply> {
        if self.waiting.is_empty() {
            return Err(reply);
        }
        self.flushes.push(reply);
        Ok(())
    }

    /// What waited for a run.
    pub(super) fn take(&mut self, run: RunKey) -> Vec<Input<Reply>> {
        let inputs = self.waiting.remove(&run).unwrap_or_default();
        self.waiting_commands -= commands(&inputs);
        inputs
    }

    /// Those who waited until all reports were folded in, if they are.
    pub(super) fn take_flushes(&mut self) -> Vec<Reply> {
        if self.waiting.is_empty() { std::mem::take(&mut self.flushes) } else { Vec::new() }
    }

    /// The next run to read, if none is being read.
    pub(super) fn next(&mut self) -> Option<RunKey> {
        if self.reading.is_some() { None } else { self.wanted.pop_first() }
    }

    /// Reads the tree of a run.
    pub(super) fn read(&mut self, run: RunKey, store: &Arc<dyn Store>, catalogue: &Arc<Catalogue>) {
        let (store, catalogue) = (Arc::clone(store), Arc::clone(catalogue));
        let task = tokio::spawn(async move { Tree::read(store.as_ref(), &catalogue, run).await });
        self.reading = Some(Reading { run, task });
    }

    /// The tree that was read; never, if none is being read.
    pub(super) async fn done(&mut self) -> (RunKey, Result<Option<Tree>, StoreError>) {
        let Some(Reading { run, task }) = &mut self.reading else {
            return std::future::pending().await;
        };
        let died = |error| StoreError::Unavailable(format!("reading a run failed: {error}"));
        let done = (*run, task.await.unwrap_or_else(|error| Err(died(error))));
        self.reading = None;
        done
    }

    /// The tree was read.
    pub(super) fn succeeded(&mut self, run: RunKey) {
        self.dropped.remove(&run);
        self.pause = self.first_pause;
    }

    /// The run is read again later, if it or its reports cannot do without; commands are refused.
    pub(super) fn failed(&mut self, run: RunKey, why: &StoreError) {
        let (commands, reports): (Vec<_>, Vec<_>) =
            self.take(run).into_iter().partition(|input| matches!(input, Input::Command(..)));
        if self.dropped.contains(&run) || !reports.is_empty() {
            self.failed.insert(run);
            self.retry_at = Some(Instant::now() + self.pause);
            self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
        }
        if !reports.is_empty() {
            self.waiting.insert(run, reports);
        }
        let replies = commands.into_iter().filter_map(|input| match input {
            Input::Command(_, reply) => Some(reply),
            Input::Report(_) => None,
        });
        for reply in replies.chain(self.flushes.drain(..)) {
            answer(reply, Answer::NotStored(why.to_string()));
        }
    }

    /// When runs that could not be read are wanted again.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Wants again what could not be read, if it is time.
    pub(super) fn retry(&mut self) {
        if self.retry_at.is_some_and(|at| at <= Instant::now()) {
            self.retry_at = None;
            self.wanted.append(&mut self.failed);
        }
    }
}

fn commands(inputs: &[Input<Reply>]) -> usize {
    inputs.iter().filter(|input| matches!(input, Input::Command(..))).count()
}
