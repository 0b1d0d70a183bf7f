//! A database half a second away, and clients that do not wait for it.

use crate::bank::{Bank, times};
use crate::outside::curl::try_curl;
use crate::work::{WORK, Wish, assert_all_ended_well, definition};
use std::thread;
use std::time::Duration;

const DELAY: Duration = Duration::from_millis(500);
/// How many clients ask at once.
const CLIENTS: usize = 4;
/// How many hang up before they are answered; `DAYEND_POSTGRES_HANGUPS` asks for more.
const HANGUPS: usize = 24;

#[test]
fn a_slow_database_keeps_nobody_waiting_and_clients_that_hang_up_leave_no_transaction() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let mut wishes = vec![Wish::new("before".to_owned())];
    wishes[0].insist(&open);

    bank.proxy.slow(DELAY);
    wishes.extend((0..CLIENTS).map(|client| Wish::new(format!("slow-{client}"))));
    thread::scope(|scope| {
        for wish in &mut wishes[1..] {
            // `call` fails if it takes too long.
            scope.spawn(|| wish.utter(&open));
        }
    });
    let hangups = times("DAYEND_POSTGRES_HANGUPS", HANGUPS);
    let keys: Vec<String> = (0..hangups).map(|client| format!("gone-{client}")).collect();
    thread::scope(|scope| {
        for keys in keys.chunks(hangups.div_ceil(CLIENTS)) {
            let open = &open;
            scope.spawn(move || {
                for key in keys {
                    let hung_up = open.command("trigger", key, WORK, "--max-time 0.1");
                    assert!(try_curl(&hung_up).is_none_or(|answer| answer.status == 503));
                }
            });
        }
    });

    bank.proxy.slow(Duration::ZERO);
    wishes.push(Wish::new("after".to_owned()));
    for wish in &mut wishes {
        wish.insist(&open);
    }
    bank.assert_no_transaction_is_left();
    // Whether those who hung up were heard or not, they are now.
    wishes.extend(keys.into_iter().map(Wish::new));
    assert_all_ended_well(&bank, &open, &mut wishes);
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}
