//! Runs on their way from the store into memory: the conductor's own rules, in steady time.

use super::server::{RETRY_PAUSE_MAX_US, RETRY_PAUSE_US};
use dayend_engine::codes::RunKey;
use dayend_service::conductor::input::Input;
use std::collections::{BTreeMap, BTreeSet};

/// One run tree is read at a time.
#[derive(Debug, Default)]
pub(super) struct Loads {
    pub reading: Option<RunKey>,
    pub retry_at: Option<i64>,
    /// Wait until all reports were folded in.
    pub flushes: Vec<u64>,
    wanted: BTreeSet<RunKey>,
    dropped: BTreeSet<RunKey>,
    failed: BTreeSet<RunKey>,
    pause_us: Option<i64>,
    waiting: BTreeMap<RunKey, Vec<Input<u64>>>,
}

impl Loads {
    fn want(&mut self, run: RunKey) {
        if self.reading != Some(run) && !self.failed.contains(&run) {
            self.wanted.insert(run);
        }
    }

    pub(super) fn want_again(&mut self, run: RunKey) {
        self.dropped.insert(run);
        self.want(run);
    }

    pub(super) fn wait(&mut self, run: RunKey, input: Input<u64>) {
        self.waiting.entry(run).or_default().push(input);
        self.want(run);
    }

    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn take(&mut self, run: RunKey) -> Vec<Input<u64>> {
        self.waiting.remove(&run).unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> Option<RunKey> {
        if self.reading.is_some() { None } else { self.wanted.pop_first() }
    }

    pub(super) fn succeeded(&mut self, run: RunKey) {
        self.dropped.remove(&run);
        self.pause_us = None;
    }

    /// Answers with the commands that are refused.
    pub(super) fn failed(&mut self, run: RunKey, mono_us: i64) -> Vec<u64> {
        let (mut refused, mut reports) = (std::mem::take(&mut self.flushes), Vec::new());
        for input in self.take(run) {
            match input {
                Input::Command(_, reply) => refused.push(reply),
                Input::Report(_) => reports.push(input),
            }
        }
        if self.dropped.contains(&run) || !reports.is_empty() {
            self.failed.insert(run);
            let pause_us = self.pause_us.unwrap_or(RETRY_PAUSE_US);
            self.pause_us = Some((pause_us * 2).min(RETRY_PAUSE_MAX_US));
            self.retry_at = Some(mono_us + pause_us);
        }
        if !reports.is_empty() {
            self.waiting.insert(run, reports);
        }
        refused
    }

    pub(super) fn retry(&mut self, mono_us: i64) {
        if self.retry_at.is_some_and(|at| at <= mono_us) {
            self.retry_at = None;
            self.wanted.append(&mut self.failed);
        }
    }

    pub(super) fn leftovers(&self) -> Vec<String> {
        let waiting = self.waiting.keys().map(|run| format!("inputs that wait for {run:?}"));
        let dropped = self.dropped.iter().map(|run| format!("{run:?} still to be read again"));
        let reading = self.reading.iter().map(|run| format!("{run:?} being read"));
        waiting.chain(dropped).chain(reading).collect()
    }
}
