//! Wrong guesses, counted by whatever they have in common.

use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;

/// What nobody guessed at for an hour starts afresh.
const FORGET_AFTER_US: i64 = 3_600 * 1_000_000;

/// How many wrong guesses cost nothing, how long a further one can cost, and how many are remembered.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) free: u32,
    pub(super) delay_max_s: u64,
    pub(super) remembered_max: usize,
}

/// Wrong guesses by key.
pub(super) struct Guesses<K> {
    rule: Rule,
    counted: HashMap<K, Counted>,
}

struct Counted {
    wrong: u32,
    last: Timestamp,
    blocked_until: Timestamp,
}

impl<K: Copy + Eq + Hash> Guesses<K> {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, counted: HashMap::new() }
    }

    /// After how many seconds the next guess is allowed, unless it is now.
    pub(super) fn wait_s(&self, key: &K, now: Timestamp) -> Option<u64> {
        let counted = self.counted.get(key).filter(|counted| !counted.is_over(now))?;
        (now < counted.blocked_until).then(|| seconds_between(now, counted.blocked_until))
    }

    /// Counts a guess as wrong.
    pub(super) fn count(&mut self, key: K, now: Timestamp) {
        let rule = self.rule;
        if let Some(counted) = self.counted.get_mut(&key) {
            if counted.is_over(now) {
                counted.wrong = 0;
            }
            counted.count(rule, now);
            return;
        }
        if self.counted.len() >= rule.remembered_max {
            self.make_room(now);
        }
        let mut counted = Counted { wrong: 0, last: now, blocked_until: now };
        counted.count(rule, now);
        self.counted.insert(key, counted);
    }

    /// Takes a guess back.
    pub(super) fn uncount(&mut self, key: &K, now: Timestamp) {
        if let Some(counted) = self.counted.get_mut(key) {
            counted.wrong = counted.wrong.saturating_sub(1);
            counted.blocked_until = now;
        }
    }

    pub(super) fn forget(&mut self, key: &K) {
        self.counted.remove(key);
    }

    pub(super) fn forget_all(&mut self, is_meant: impl Fn(&K) -> bool) {
        self.counted.retain(|key, _| !is_meant(key));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }

    /// Drops what is over, or else what has the fewest guesses: a flood of invented names does not free a victim's.
    fn make_room(&mut self, now: Timestamp) {
        let before = self.counted.len();
        self.counted.retain(|_, counted| !counted.is_over(now));
        if self.counted.len() == before {
            let least =
                self.counted.iter().min_by_key(|(_, counted)| (counted.wrong, counted.last));
            if let Some(key) = least.map(|(key, _)| *key) {
                self.counted.remove(&key);
            }
        }
    }
}

impl Counted {
    fn count(&mut self, rule: Rule, now: Timestamp) {
        self.wrong = self.wrong.saturating_add(1);
        self.last = now;
        self.blocked_until = match self.wrong.checked_sub(rule.free) {
            None => now,
            Some(beyond) => now.plus_ms(rule.delay_max_s.min(1 << beyond.min(32)) * 1000),
        };
    }

    /// Also true when the clock went back by more than any delay: nobody is locked out until it has caught up.
    fn is_over(&self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.last.0).saturating_abs() > FORGET_AFTER_US
    }
}

fn seconds_between(now: Timestamp, until: Timestamp) -> u64 {
    let micros = u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0);
    micros.div_ceil(1_000_000).max(1)
}
