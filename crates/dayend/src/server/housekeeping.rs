//! What is done once a day.

use dayend_engine::time::Timestamp;
use dayend_service::clock::Clock;
use dayend_store::port::Store;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const DAY_MICROS: i64 = 86_400_000_000;

/// Forgets idempotency keys and expired refresh tokens: at start, then every day, for ever.
pub(super) async fn forget_daily(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keep_days: u64) {
    let mut daily = tokio::time::interval(DAY);
    daily.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        daily.tick().await;
        if let Err(error) = store.forget(horizon(clock.now(), keep_days)).await {
            tracing::warn!(%error, "old idempotency keys could not be deleted; it is tried again tomorrow");
        }
    }
}

fn horizon(now: Timestamp, keep_days: u64) -> Timestamp {
    let kept = i64::try_from(keep_days).unwrap_or(i64::MAX).saturating_mul(DAY_MICROS);
    Timestamp(now.0.saturating_sub(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_for_the_days_that_were_set() {
        assert_eq!(horizon(Timestamp(10 * DAY_MICROS), 8), Timestamp(2 * DAY_MICROS));
        assert_eq!(horizon(Timestamp(0), u64::MAX), Timestamp(-i64::MAX));
    }
}
