//! What a simulation tells: its sums, or what broke and how it came to that.

use std::fmt;

/// How many of the last steps a failure tells.
const STEPS_TOLD: usize = 150;

/// What one seed came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub steps: u64,
    pub runs: u64,
    pub attempts: u64,
    pub commits: u64,
    pub crashes: u64,
    pub failed_commits: u64,
    pub answers: u64,
    pub stale_reports: u64,
    /// Times the store did not even say what became of a group.
    pub doubts: u64,
    /// Attempts that never started and were made again.
    pub voids: u64,
}

impl Summary {
    /// Adds another seed's sums.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.runs += other.runs;
        self.attempts += other.attempts;
        self.commits += other.commits;
        self.crashes += other.crashes;
        self.failed_commits += other.failed_commits;
        self.answers += other.answers;
        self.stale_reports += other.stale_reports;
        self.doubts += other.doubts;
        self.voids += other.voids;
    }
}

/// A seed that broke an invariant.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub broken: String,
    /// The last steps, oldest first; only if they were asked for.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(out, "  {line}")?;
        }
        writeln!(out, "seed {}: {}", self.seed, self.broken)?;
        write!(out, "replay: cargo run -p dayend-testkit --bin simulate -- --seed {}", self.seed)
    }
}

/// The steps so far, if anybody wants to know.
#[derive(Debug, Default)]
pub(super) struct Trace {
    wanted: bool,
    lines: std::collections::VecDeque<String>,
}

impl Trace {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, lines: std::collections::VecDeque::new() }
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if !self.wanted {
            return;
        }
        if self.lines.len() >= STEPS_TOLD {
            self.lines.pop_front();
        }
        self.lines.push_back(line());
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}
