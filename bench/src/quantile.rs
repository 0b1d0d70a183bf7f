//! The middle and the tail of what was measured.

use std::time::Duration;

/// The smallest of these durations that is not exceeded by `share` of them.
pub(crate) fn quantile(durations: &mut [Duration], share: f64) -> Duration {
    durations.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a few million is a whole number that fits"
    )]
    let index = (durations.len() as f64 * share).ceil() as usize;
    durations.get(index.saturating_sub(1)).copied().unwrap_or_default()
}

/// How many a second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let rate = count as f64 / time.as_secs_f64();
    rate
}

#[cfg(test)]
mod tests {
    use super::quantile;
    use std::time::Duration;

    #[test]
    fn a_quantile_is_one_of_the_values_and_that_many_are_no_larger() {
        let mut values: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        for (share, want) in [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)] {
            assert_eq!(quantile(&mut values, share), Duration::from_millis(want), "{share}");
        }
        assert_eq!(quantile(&mut [], 0.5), Duration::ZERO);
    }
}
