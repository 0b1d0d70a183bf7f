//! The database server restarted, stopped at once and killed, under load.

use crate::bank::{Bank, times};
use crate::outside::chance::Chance;
use crate::outside::curl::shell;
use crate::outside::telling::tell;
use crate::work::{Wish, assert_all_ended_well, definition};
use std::thread;
use std::time::Duration;

/// How often the database server goes down; `DAYEND_POSTGRES_RESTARTS` asks for more.
const RESTARTS: usize = 3;
/// How many runs are asked for meanwhile.
const RUNS: usize = 4;
/// The longest time from the first call until the server goes down.
const LIFE_AT_MOST: Duration = Duration::from_millis(400);

#[test]
fn a_database_server_that_goes_down_again_and_again_loses_no_run_and_makes_no_task_start_twice() {
    let mut chance = Chance::new();
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let mut wishes: Vec<Wish> = Vec::new();
    for restart in 0..times("DAYEND_POSTGRES_RESTARTS", RESTARTS) {
        let first = wishes.len();
        wishes.extend((0..RUNS).map(|run| Wish::new(format!("work-{restart}-{run}"))));
        let moment = chance.moment(LIFE_AT_MOST);
        thread::scope(|scope| {
            scope.spawn(|| {
                // Nothing waits for this: the moment is what chance has chosen.
                shell(&format!("sleep {}", moment.as_secs_f64()));
                go_down_and_come_back(&bank, restart);
            });
            let answered =
                wishes[first..].iter_mut().filter_map(|wish| wish.utter(&open).then_some(()));
            tell(&format!("down after {moment:?}, {} runs known", answered.count()));
        });
        for wish in &mut wishes[first..] {
            wish.insist(&open);
        }
    }
    assert_all_ended_well(&bank, &open, &mut wishes);
    bank.assert_no_transaction_is_left();
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}

fn go_down_and_come_back(bank: &Bank, restart: usize) {
    match restart % 3 {
        0 => bank.cluster.crash_and_restart().unwrap(),
        1 => bank.cluster.kill_and_restart().unwrap(),
        _ => {
            bank.cluster.stop_server("fast").unwrap();
            bank.cluster.start_server().unwrap();
        }
    }
}
