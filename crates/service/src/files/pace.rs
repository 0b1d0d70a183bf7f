//! The bandwidth of tenants: whoever moves more bytes than are due waits; the others have their own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What was not used is there for so long.
const SAVED: Duration = Duration::from_secs(1);

/// Lets bytes pass at a rate, each tenant at its own.
#[derive(Debug)]
pub(super) struct Pace {
    /// None: as fast as they come.
    bytes_per_s: Option<u64>,
    /// When all that a tenant moved so far would have passed.
    passed_at: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    pub(super) fn new(bytes_per_s: Option<u64>) -> Self {
        Self { bytes_per_s, passed_at: Mutex::default() }
    }

    /// Waits until it is the turn of these bytes.
    pub(super) async fn pass(&self, tenant: &str, bytes: usize) {
        let Some(bytes_per_s) = self.bytes_per_s else { return };
        let turn = self.turn(tenant, lasting(bytes, bytes_per_s), Instant::now());
        sleep_until(turn).await;
    }

    /// When it is the turn of what takes so long.
    fn turn(&self, tenant: &str, takes: Duration, now: Instant) -> Instant {
        let mut passed_at = self.passed_at.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(SAVED).unwrap_or(now);
        let turn = passed_at.get(tenant).map_or(earliest, |at| (*at).max(earliest));
        passed_at.insert(tenant.to_owned(), turn + takes);
        turn
    }
}

/// How long bytes last at a rate.
fn lasting(bytes: usize, bytes_per_s: u64) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let nanos = u128::from(bytes).saturating_mul(1_000_000_000) / u128::from(bytes_per_s.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_its_rate_and_what_it_did_not_use_for_a_second() {
        let (pace, now) = (Pace::new(Some(1000)), Instant::now());
        let takes = lasting(500, 1000);
        assert_eq!(takes, Duration::from_millis(500));
        // Half a second each: two have been saved up, the third one's turn is now, and so on.
        let turns = [0; 5].map(|_| pace.turn("bank", takes, now));
        let due = turns.map(|turn| turn.saturating_duration_since(now).as_millis());
        assert_eq!(due, [0, 0, 0, 500, 1000]);
        assert!(pace.turn("other", takes, now) <= now, "another tenant does not wait");
        let rested = now + Duration::from_mins(1);
        let turns = [0; 4].map(|_| pace.turn("bank", takes, rested));
        let due = turns.map(|turn| turn.saturating_duration_since(rested).as_millis());
        assert_eq!(due, [0, 0, 0, 500], "a long rest saves no more than a short one");
    }
}
