//! A small bounded cache that never keeps what a later change has made false.

use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Remembers answers until they are too old, too many, or cleared.
pub(crate) struct Cache<K, V> {
    /// At most this many answers in each of the two halves.
    half: usize,
    max_age_us: i64,
    state: Mutex<State<K, V>>,
}

/// Taken before an answer is fetched: an answer fetched before a [`Cache::clear`] is not kept after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edition(u64);

struct State<K, V> {
    edition: u64,
    young: HashMap<K, (Timestamp, V)>,
    old: HashMap<K, (Timestamp, V)>,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// A cache of at most `capacity` answers, each asked again after `max_age_s`.
    pub(crate) fn new(capacity: usize, max_age_s: u32) -> Self {
        let state = State { edition: 0, young: HashMap::new(), old: HashMap::new() };
        Self {
            half: (capacity / 2).max(1),
            max_age_us: i64::from(max_age_s) * 1_000_000,
            state: Mutex::new(state),
        }
    }

    /// The answer, or the edition with which a fetched one can be kept.
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Result<V, Edition> {
        self.dated(key, now).map(|(value, _)| value)
    }

    /// As [`Cache::get`], with the instant as of which the answer was put.
    pub(crate) fn dated(&self, key: &K, now: Timestamp) -> Result<(V, Timestamp), Edition> {
        let state = self.state();
        let found = state.young.get(key).or_else(|| state.old.get(key));
        // A clock that went back makes answers as doubtful as one that went on.
        let fresh =
            found.filter(|(at, _)| now.0.saturating_sub(at.0).saturating_abs() < self.max_age_us);
        fresh.map(|(at, value)| (value.clone(), *at)).ok_or(Edition(state.edition))
    }

    /// The answer, however old: for the time when no newer one can be had. One that a change has made false is gone.
    pub(crate) fn last(&self, key: &K) -> Option<(V, Timestamp)> {
        let state = self.state();
        let found = state.young.get(key).or_else(|| state.old.get(key));
        found.map(|(at, value)| (value.clone(), *at))
    }

    /// Keeps an answer that was fetched since `edition`, unless something changed meanwhile.
    pub(crate) fn put(&self, key: K, value: V, now: Timestamp, edition: Edition) {
        let mut state = self.state();
        if edition != Edition(state.edition) {
            return;
        }
        if state.young.len() >= self.half {
            state.old = std::mem::take(&mut state.young);
        }
        state.young.insert(key, (now, value));
    }

    /// Forgets everything, also what is being fetched now.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.edition += 1;
        state.young.clear();
        state.old.clear();
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn an_answer_fetched_before_a_change_is_not_kept_after_it() {
        let cache = Cache::new(8, 5);
        let edition = cache.get(&"user", NOW).unwrap_err();
        cache.clear();
        cache.put("user", "active", NOW, edition);
        assert!(cache.get(&"user", NOW).is_err());
    }

    #[test]
    fn an_answer_is_kept_for_its_age_in_both_directions_of_time() {
        let cache = Cache::new(8, 5);
        let edition = cache.get(&"user", NOW).unwrap_err();
        cache.put("user", "active", NOW, edition);
        assert!(cache.get(&"user", NOW.plus_ms(4_999)).is_ok_and(|answer| answer == "active"));
        assert!(cache.get(&"user", NOW.plus_ms(5_000)).is_err());
        assert!(cache.get(&"user", Timestamp(NOW.0 - 5_000_000)).is_err());
    }

    #[test]
    fn an_old_answer_is_there_until_a_change_makes_it_false() {
        let cache = Cache::new(8, 5);
        let edition = cache.get(&"user", NOW).unwrap_err();
        cache.put("user", "active", NOW, edition);
        assert!(cache.get(&"user", NOW.plus_ms(3_600_000)).is_err());
        assert_eq!(cache.last(&"user"), Some(("active", NOW)));
        cache.clear();
        assert_eq!(cache.last(&"user"), None);
    }

    #[test]
    fn the_cache_never_holds_more_than_its_capacity() {
        let cache = Cache::new(8, 5);
        for key in 0..100 {
            let edition = cache.get(&key, NOW).unwrap_err();
            cache.put(key, key, NOW, edition);
            let held = (0..100).filter(|key| cache.get(key, NOW).is_ok()).count();
            assert!(held <= 8, "{held} answers after {key}");
            assert!(cache.get(&key, NOW).is_ok(), "the newest answer {key} is there");
        }
    }
}
