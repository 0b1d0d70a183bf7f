//! Durations as people type them.

use std::time::Duration;

/// The longest duration that is accepted: a year.
const MAX_S: u64 = 366 * 24 * 3600;

/// Reads `2h`, `1h30m`, `45s`, `500ms`, or a number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let refused =
        || format!("`{text}` is not a duration: write for example 90s, 30m or 2h, at most a year");
    let parsed = if text.is_empty() {
        None
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok().map(Duration::from_secs)
    } else {
        with_units(text)
    };
    parsed.filter(|duration| duration.as_secs() <= MAX_S).ok_or_else(refused)
}

fn with_units(text: &str) -> Option<Duration> {
    let (mut total, mut rest, mut last_ms) = (Duration::ZERO, text, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit_ms, after) =
            [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
                .into_iter()
                .find_map(|(unit, ms)| Some((ms, after.strip_prefix(unit)?)))?;
        if unit_ms >= last_ms {
            return None;
        }
        let ms = number.parse::<u64>().ok()?.checked_mul(unit_ms)?;
        total = total.checked_add(Duration::from_millis(ms))?;
        (rest, last_ms) = (after, unit_ms);
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_from_large_to_small() {
        #[rustfmt::skip]
        let cases = [
            ("2h", Some(7_200_000)), ("1h30m", Some(5_400_000)), ("90s", Some(90_000)), ("500ms", Some(500)), ("1d", Some(86_400_000)),
            ("50", Some(50_000)), ("0", Some(0)), ("1m1s1ms", Some(61_001)),
            ("", None), ("h", None), ("1x", None), ("1m1h", None), ("1m1m", None), ("-1s", None), ("1.5h", None), ("367d", None),
            ("99999999999999999999", None), ("99999999999999999999h", None),
        ];
        for (text, want) in cases {
            let got = duration(text).ok().map(|duration| duration.as_millis());
            assert_eq!(got, want, "{text}");
        }
    }
}
