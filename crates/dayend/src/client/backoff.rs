//! How long to wait before a request is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
pub(super) const LONGEST: Duration = Duration::from_mins(1);

/// The delay before retry number `retry` (from 0): 2 s doubling to 60 s, at least what the server asked for, and spread
/// over the upper half by `dice`, so that many clients do not come back together.
pub(super) fn delay(retry: u32, asked: Option<Duration>, dice: u64) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(retry.min(16))).min(LONGEST);
    let spread_ms = u64::try_from(doubled.as_millis() / 2).unwrap_or(u64::MAX).max(1);
    let delay = doubled / 2 + Duration::from_millis(dice % spread_ms);
    delay.max(asked.unwrap_or_default().min(LONGEST))
}

/// A number that no two clients share.
pub(super) fn dice() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_from_two_seconds_to_a_minute_and_are_spread() {
        let range =
            |retry| (delay(retry, None, 0).as_millis(), delay(retry, None, 999).as_millis());
        assert_eq!(range(0), (1000, 1999));
        assert_eq!(range(1), (2000, 2999));
        for dice in [0, 1, 29_999, u64::MAX] {
            let late = delay(40, None, dice);
            assert!(late >= Duration::from_secs(30) && late <= LONGEST, "{late:?}");
        }
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_more_than_a_minute() {
        assert_eq!(delay(0, Some(Duration::from_secs(20)), 0), Duration::from_secs(20));
        assert_eq!(delay(0, Some(Duration::from_secs(9999)), 0), LONGEST);
    }
}
