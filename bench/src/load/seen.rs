//! What the clients of a load saw together.

use crate::quantile::{quantile, rate};
use std::time::Duration;

/// Answers that were checked, and how long they took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// From the first request to the last answer.
    pub(crate) wall: Duration,
    pub(crate) latencies: Vec<Duration>,
    /// What the answers said, as far as it was asked for.
    pub(crate) told: Vec<String>,
}

impl Seen {
    pub(crate) fn count(&self) -> usize {
        self.latencies.len()
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        rate(self.count(), self.wall)
    }

    /// The 99th percentile in milliseconds.
    pub(crate) fn p99_ms(&mut self) -> f64 {
        quantile(&mut self.latencies, 0.99).as_secs_f64() * 1000.0
    }
}
