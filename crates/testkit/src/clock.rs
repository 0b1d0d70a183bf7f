//! The machine's clock, set forward by the test.

use dayend_engine::time::Timestamp;
use dayend_service::clock::{Clock, SystemClock};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Goes as the machine's clock does, and jumps when the test says so.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    ahead_us: AtomicI64,
}

impl ShiftedClock {
    /// Lets the time pass at once.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.ahead_us.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.ahead_us.load(Ordering::SeqCst))
    }
}
