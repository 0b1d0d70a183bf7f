//! Callers that hang up before they are answered.

use crate::house::House;
use crate::measure::{Held, by_form, soon, ticks};
use crate::wire::Wire;
use std::time::Duration;
use tokio::task::JoinSet;

/// What the connections of those who read the database may hold, once they are open.
const READERS_FILES: usize = 16;

/// Hangs up in the middle of requests, so many times a second; each has a key of its own.
async fn hang_up(house: &House, round: usize, seconds: usize, per_s: u32) -> Vec<String> {
    let (mut callers, mut tick, mut keys) = (JoinSet::new(), ticks(per_s), Vec::new());
    for number in 0..seconds * usize::try_from(per_s).unwrap() {
        tick.tick().await;
        let key = format!("round-{round}-{number}");
        let request = house.tenants[number % 2].trigger(&key);
        // All of it, all but its last byte, or a part of its head.
        let sent = match number % 4 {
            0 => request.len() - 1,
            1 => request.len() / 3,
            _ => request.len(),
        };
        let address = house.address;
        callers.spawn(async move {
            let mut wire = Wire::connect(address).await.unwrap();
            wire.send(&request[..sent]).await.unwrap();
        });
        keys.push(key);
    }
    callers.join_all().await;
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_hang_up_leave_nothing_behind_and_a_repeated_key_is_one_run() {
    let house = House::open(&[]).await;
    let (seconds, per_s) = by_form((1, 500), (30, 1000));
    let look = || Held::by(house.pid());
    let idle = look();
    let files = idle.files + READERS_FILES;
    // What a process keeps for next time, it keeps after the first time.
    let mut keys = hang_up(&house, 0, seconds, per_s).await;
    let warm = soon(Duration::from_mins(1), look, |held| held.files <= files).await;
    for round in 1..=2 {
        keys.extend(hang_up(&house, round, seconds, per_s).await);
    }
    let memory_kib = warm.memory_kib * 11 / 10 + u64::try_from(keys.len()).unwrap() * 8 + 8192;
    soon(Duration::from_mins(1), look, |held| {
        held.files <= files && held.threads <= warm.threads + 8 && held.memory_kib <= memory_kib
    })
    .await;

    let mut wire = house.connect().await;
    for (number, key) in keys.iter().enumerate().step_by(by_form(7, 1)) {
        let tenant = &house.tenants[number % 2];
        let first = wire.ask(&tenant.trigger(key)).await.unwrap().run();
        let again = wire.ask(&tenant.trigger(key)).await.unwrap();
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
        assert_eq!(again.run(), first, "{key}");
    }
    house.close();
}
