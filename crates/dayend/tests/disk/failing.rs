//! The disk under the database reports errors, once or for a while.

use crate::bank::Bank;
use crate::orders::{NOTHING, Orders};
use crate::outside::tracer::Tracer;

#[test]
fn nothing_is_accepted_while_flushes_fail_and_everything_is_there_afterwards() {
    fails(&["fsync:error=EIO"]);
}

#[test]
fn nothing_is_accepted_while_writes_fail_and_everything_is_there_afterwards() {
    fails(&["pwrite64:error=EIO"]);
}

#[test]
fn nothing_is_accepted_while_writes_find_no_room_and_everything_is_there_afterwards() {
    fails(&["pwrite64,ftruncate:error=ENOSPC"]);
}

/// The kernel tells a failed flush once; what it could not write is gone from its memory all the same.
#[test]
fn one_flush_that_fails_is_not_forgotten() {
    let bank = Bank::new();
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    for nth in 1..=3 {
        orders.must(&open);
        let tracer = Tracer::attach(
            open.server.pid(),
            &bank.files(),
            &[&format!("fsync:error=EIO:when={nth}")],
        );
        // One of them meets it. It may succeed all the same, if the next flush showed that it is on disk.
        for _ in 0..4 {
            orders.ask(&open);
        }
        drop(tracer);
        orders.again(&open);
    }
    drop(open);
    orders.all_there(&bank);
}

fn fails(rules: &[&str]) {
    let bank = Bank::new();
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    orders.must(&open);
    let tracer = Tracer::attach(open.server.pid(), &bank.files(), rules);
    for _ in 0..3 {
        orders.must_not(&open);
    }
    drop(tracer);
    orders.again(&open);
    orders.must(&open);
    drop(open);
    orders.all_there(&bank);

    // Killed while it fails: what was refused is not there by half.
    let open = bank.open();
    let tracer = Tracer::attach(open.server.pid(), &bank.files(), rules);
    orders.must_not(&open);
    drop((open, tracer));
    bank.assert_intact();
    let open = bank.open();
    orders.again(&open);
    drop(open);
    orders.all_there(&bank);
}
