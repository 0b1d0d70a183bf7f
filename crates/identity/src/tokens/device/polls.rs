//! How often a device asks whether its user has decided (RFC 8628 section 3.5).

use super::documents::{INTERVAL_S, WAITS_S};
use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// `slow_down` makes the time between two questions so much longer, for all that follow.
const LONGER_S: u64 = 5;
const INTERVAL_MAX_S: u64 = 60;
/// One second early is the network's doing.
const EARLY_S: u64 = 1;
/// When more devices wait, those are forgotten whose codes have expired.
const DEVICES_MAX: usize = 10_000;

/// For each device that waits, when it may ask again.
#[derive(Default)]
pub(crate) struct Polls {
    waiting: Mutex<HashMap<String, Poll>>,
}

#[derive(Clone, Copy)]
struct Poll {
    interval_s: u64,
    last: Timestamp,
}

impl Polls {
    /// Whether the device has waited as long as it was told to; if not, it has to wait longer from now on.
    pub(super) fn was_patient(&self, device: &str, now: Timestamp) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= DEVICES_MAX {
            waiting.retain(|_, poll| now < poll.last.plus_ms(WAITS_S * 1000));
        }
        let Some(poll) = waiting.get_mut(device) else {
            waiting.insert(device.to_owned(), Poll { interval_s: INTERVAL_S, last: now });
            return true;
        };
        let due = poll.last.plus_ms((poll.interval_s - EARLY_S) * 1000);
        // A clock that went back is not the device's fault.
        let patient = now >= due || now < poll.last;
        poll.last = now;
        if !patient {
            poll.interval_s = INTERVAL_MAX_S.min(poll.interval_s + LONGER_S);
        }
        patient
    }

    /// The device waits no longer.
    pub(super) fn forget(&self, device: &str) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    #[test]
    fn each_question_that_comes_too_early_makes_the_time_between_two_longer() {
        let polls = Polls::default();
        #[rustfmt::skip]
        let questions = [
            ("the first one",                          0, true),
            ("after five seconds",                     5, true),
            ("a little early",                         9, true),
            ("too early: ten from now on",            12, false),
            ("after five seconds: fifteen",           17, false),
            ("after ten seconds: twenty",             27, false),
            ("after twenty seconds",                  47, true),
            ("after twenty seconds again",            67, true),
            ("after nineteen seconds",                86, true),
            ("after five seconds: twenty-five",       91, false),
        ];
        for (name, at_s, patient) in questions {
            assert_eq!(polls.was_patient("one", NOW.plus_ms(at_s * 1000)), patient, "{name}");
        }
        assert!(polls.was_patient("other", NOW.plus_ms(91_000)), "another device has its own time");
        polls.forget("one");
        assert!(polls.was_patient("one", NOW.plus_ms(92_000)));
    }

    #[test]
    fn nobody_has_to_wait_longer_than_a_minute_and_no_flood_takes_memory_for_ever() {
        let polls = Polls::default();
        for second in 0..100 {
            polls.was_patient("hasty", NOW.plus_ms(second * 1000));
        }
        assert!(polls.was_patient("hasty", NOW.plus_ms(99_000 + 60_000)));
        for device in 0..DEVICES_MAX {
            polls.was_patient(&device.to_string(), NOW);
        }
        polls.was_patient("late", NOW.plus_ms(1_000_000));
        assert!(polls.waiting.lock().unwrap().len() <= 2);
    }
}
