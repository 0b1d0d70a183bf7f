//! Times as commands show them.

use jiff::Timestamp;

/// Seconds since 1970 in UTC, such as `2026-10-30T22:00:00Z`.
pub(super) fn shown(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_utc_and_an_impossible_one_as_its_number() {
        assert_eq!(shown(1_793_404_800), "2026-10-31T00:00:00Z");
        assert_eq!(shown(i64::MAX), i64::MAX.to_string());
    }
}
