//! Runs on their way from the store into memory, and what waits for them.

use super::commit::RETRY_PAUSE_MAX;
use super::input::Input;
use dayend_engine::codes::RunKey;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The most commands that wait for runs; more are refused.
const WAITING_MAX: usize = 4096;

/// One run tree is read at a time: of two readings that overlap, the older one could arrive last.
pub(super) struct Loads<R> {
    reading: Option<RunKey>,
    wanted: BTreeSet<RunKey>,
    /// Were in memory, and go on only when they are there again.
    dropped: BTreeSet<RunKey>,
    /// Could not be read; wanted again at `retry_at`.
    failed: BTreeSet<RunKey>,
    retry_at: Option<Duration>,
    first_pause: Duration,
    pause: Duration,
    /// Inputs by the run that they named.
    waiting: BTreeMap<RunKey, Vec<Input<R>>>,
    waiting_commands: usize,
    /// Wait until all reports were folded in.
    flushes: Vec<R>,
}

impl<R> Loads<R> {
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
    fn want(&mut self, run: RunKey) {
        if self.reading != Some(run) && !self.failed.contains(&run) {
            self.wanted.insert(run);
        }
    }

    /// The run was dropped from memory although it goes on.
    pub(super) fn want_again(&mut self, run: RunKey) {
        self.dropped.insert(run);
        self.want(run);
    }

    /// Keeps an input until its run is there. Answers who is refused because too many wait.
    pub(super) fn wait(&mut self, run: RunKey, input: Input<R>) -> Option<R> {
        let input = match input {
            Input::Command(_, reply) if self.waiting_commands >= WAITING_MAX => return Some(reply),
            Input::Command(..) => {
                self.waiting_commands += 1;
                input
            }
            Input::Report(_) => input,
        };
        self.waiting.entry(run).or_default().push(input);
        self.want(run);
        None
    }

    /// Whether anything waits.
    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Keeps the question whether everything is on disk.
    pub(super) fn wait_for_all(&mut self, reply: R) {
        self.flushes.push(reply);
    }

    /// What waited for a run.
    pub(super) fn take(&mut self, run: RunKey) -> Vec<Input<R>> {
        let inputs = self.waiting.remove(&run).unwrap_or_default();
        let commands = inputs.iter().filter(|input| matches!(input, Input::Command(..))).count();
        self.waiting_commands -= commands;
        inputs
    }

    /// Those who waited until all reports were folded in, if they are.
    pub(super) fn take_flushes(&mut self) -> Vec<R> {
        if self.is_waited_for() { Vec::new() } else { std::mem::take(&mut self.flushes) }
    }

    /// The next run to read, if none is being read.
    pub(super) fn next(&mut self) -> Option<RunKey> {
        if self.reading.is_some() { None } else { self.wanted.pop_first() }
    }

    /// The tree of a run is being read.
    pub(super) fn begin(&mut self, run: RunKey) {
        self.reading = Some(run);
    }

    /// Nothing is being read any more.
    pub(super) fn end(&mut self) {
        self.reading = None;
    }

    /// The tree was read.
    pub(super) fn succeeded(&mut self, run: RunKey) {
        self.dropped.remove(&run);
        self.pause = self.first_pause;
    }

    /// The run is read again later, if it or its reports cannot do without. Answers the commands that are refused.
    pub(super) fn failed(&mut self, run: RunKey, steady: Duration) -> Vec<R> {
        let (mut refused, mut reports) = (std::mem::take(&mut self.flushes), Vec::new());
        for input in self.take(run) {
            match input {
                Input::Command(_, reply) => refused.push(reply),
                Input::Report(_) => reports.push(input),
            }
        }
        if self.dropped.contains(&run) || !reports.is_empty() {
            self.failed.insert(run);
            self.retry_at = Some(steady + self.pause);
            self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
        }
        if !reports.is_empty() {
            self.waiting.insert(run, reports);
        }
        refused
    }

    /// When runs that could not be read are wanted again.
    pub(super) fn retry_at(&self) -> Option<Duration> {
        self.retry_at
    }

    /// Wants again what could not be read, if it is time.
    pub(super) fn retry(&mut self, steady: Duration) {
        if self.retry_at.is_some_and(|at| at <= steady) {
            self.retry_at = None;
            self.wanted.append(&mut self.failed);
        }
    }
}

impl<R> std::fmt::Debug for Loads<R> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Loads")
            .field("reading", &usize::from(self.reading.is_some()))
            .field("wanted", &self.wanted.len())
            .field("dropped", &self.dropped.len())
            .field("failed", &self.failed.len())
            .field("waiting", &self.waiting.len())
            .field("waiting_commands", &self.waiting_commands)
            .field("flushes", &self.flushes.len())
            .finish_non_exhaustive()
    }
}
