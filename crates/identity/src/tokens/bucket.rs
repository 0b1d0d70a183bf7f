//! Lets everybody in at a bounded rate.

use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// When there are more names, those who have all their turns left are forgotten.
const NAMES_MAX: usize = 10_000;

/// For each name a number of turns, of which some come back every second.
pub(crate) struct Buckets {
    turns: u32,
    per_minute: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    names: HashMap<String, Bucket>,
    /// The second in which those were forgotten last who have all their turns left.
    swept_s: i64,
}

struct Bucket {
    left: u32,
    /// The turns that have come back are counted up to this instant.
    at: Timestamp,
}

impl Buckets {
    /// So many turns at once, and so many a minute after that.
    pub(crate) fn new(turns: u32, per_minute: u32) -> Self {
        Self { turns, per_minute: per_minute.max(1), state: Mutex::default() }
    }

    /// Takes a turn, or tells after how many seconds there is one.
    pub(crate) fn take(&self, name: &str, now: Timestamp) -> Result<(), u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.0.div_euclid(1_000_000);
        if state.names.len() >= NAMES_MAX && state.swept_s != second {
            state.swept_s = second;
            state.names.retain(|_, bucket| {
                self.refill(bucket, now);
                bucket.left < self.turns
            });
        }
        let full = Bucket { left: self.turns, at: now };
        let bucket = state.names.entry(name.to_owned()).or_insert(full);
        self.refill(bucket, now);
        match bucket.left.checked_sub(1) {
            Some(left) => {
                bucket.left = left;
                Ok(())
            }
            None => Err(u64::from(60_u32.div_ceil(self.per_minute))),
        }
    }

    fn refill(&self, bucket: &mut Bucket, now: Timestamp) {
        let turn_us = 60_000_000 / i64::from(self.per_minute);
        let passed_us = now.0.saturating_sub(bucket.at.0);
        if passed_us < 0 {
            // The clock went back: nobody waits until it has caught up.
            bucket.at = now;
            return;
        }
        let earned = passed_us / turn_us.max(1);
        bucket.left =
            self.turns.min(bucket.left.saturating_add(u32::try_from(earned).unwrap_or(u32::MAX)));
        bucket.at = Timestamp(bucket.at.0.saturating_add(earned.saturating_mul(turn_us)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    #[test]
    fn turns_run_out_and_come_back_one_by_one() {
        let buckets = Buckets::new(3, 60);
        let taken = (0..10).filter(|_| buckets.take("a", NOW).is_ok()).count();
        assert_eq!(taken, 3);
        assert_eq!(buckets.take("a", NOW), Err(1));
        assert!(buckets.take("b", NOW).is_ok(), "another name has its own turns");
        assert!(buckets.take("a", NOW.plus_ms(999)).is_err());
        assert!(buckets.take("a", NOW.plus_ms(1000)).is_ok());
        assert!(buckets.take("a", NOW.plus_ms(1001)).is_err());
        let later = (0..10).filter(|_| buckets.take("a", NOW.plus_ms(3_600_000)).is_ok()).count();
        assert_eq!(later, 3, "no more than at the beginning");
        assert!(buckets.take("a", Timestamp(NOW.0 - 1)).is_err(), "the clock went back");
    }

    #[test]
    fn a_flood_of_names_frees_nobody_who_has_used_up_the_turns() {
        let buckets = Buckets::new(1, 1);
        buckets.take("victim", NOW).unwrap();
        for name in 0..20_000 {
            let _ = buckets.take(&name.to_string(), NOW.plus_ms(1));
        }
        assert!(buckets.take("victim", NOW.plus_ms(2)).is_err());
    }
}
