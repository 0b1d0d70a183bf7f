//! Each flush takes a second.

use crate::bank::{Bank, accepted};
use crate::orders::NOTHING;
use crate::outside::telling::tell;
use crate::outside::tracer::Tracer;
use std::thread;
use std::time::{Duration, Instant};

/// So many callers at once, each with one order.
const CALLERS: usize = 24;
const FLUSH: Duration = Duration::from_secs(1);

#[test]
fn callers_share_a_slow_flush_instead_of_waiting_in_line() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(NOTHING);
    let delay = format!("fsync:delay_enter={}", FLUSH.as_micros());
    let tracer = Tracer::attach(open.server.pid(), &bank.files(), &[&delay]);
    let begun = Instant::now();
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let open = &open;
            scope.spawn(move || {
                let body = r#"{"batchName": "NOTHING", "batchType": "rest"}"#;
                let answer = open.try_call("trigger", &format!("caller-{caller}"), body);
                accepted(&answer.expect("the server answers"));
            });
        }
    });
    let taken = begun.elapsed();
    drop(tracer);
    tell(&format!("{CALLERS} orders took {taken:?}"));
    // One after the other they would have waited for one flush each, at least.
    let in_line = FLUSH * u32::try_from(CALLERS).unwrap();
    assert!(taken < in_line / 2, "{CALLERS} orders took {taken:?}");
    drop(open);
    bank.assert_intact();
    assert_eq!(bank.count_runs(), CALLERS);
}
