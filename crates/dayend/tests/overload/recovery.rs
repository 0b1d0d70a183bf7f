//! Far more than the server can do, for a while, and what it is like afterwards.

use crate::house::House;
use crate::measure::{Held, by_form, per_mille, soon, ticks};
use crate::wire::Wire;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections of the load generator; what finds none free at once is lost, as it would be at a real one's time-out.
const CONNECTIONS: usize = 1500;

/// How many triggers a second are answered to a few callers that each wait for their answer.
async fn capacity(house: &House) -> u32 {
    let (mut callers, answered) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    let (began, lasts) = (Instant::now(), Duration::from_secs(1));
    for _ in 0..16 {
        let (trigger, address) = (house.tenants[0].trigger(""), house.address);
        let answered = Arc::clone(&answered);
        callers.spawn(async move {
            let mut wire = Wire::connect(address).await.unwrap();
            while began.elapsed() < lasts {
                wire.ask(&trigger).await.unwrap().run();
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    callers.join_all().await;
    u32::try_from(answered.load(Ordering::Relaxed)).unwrap().max(1)
}

/// Triggers at a rate, whether or not they are answered: (accepted, turned away, lost).
async fn storm(house: &House, per_s: u32, lasts: Duration) -> [usize; 3] {
    let (places, mut asked) = (Arc::new(Semaphore::new(CONNECTIONS)), JoinSet::new());
    let (mut tick, began, mut lost) = (ticks(100), Instant::now(), 0);
    while began.elapsed() < lasts {
        tick.tick().await;
        for _ in 0..per_s.div_ceil(100) {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                lost += 1;
                continue;
            };
            let (trigger, address) = (house.tenants[0].trigger(""), house.address);
            asked.spawn(async move {
                let reply = Wire::connect(address).await.unwrap().ask(&trigger).await.unwrap();
                drop(place);
                reply.is_turned_away()
            });
        }
    }
    let turned_away = asked.join_all().await;
    let refused = turned_away.iter().filter(|refused| **refused).count();
    [turned_away.len() - refused, refused, lost]
}

/// The median of some triggers, one after the other.
async fn latency(house: &House) -> Duration {
    let (mut wire, mut times) = (house.connect().await, Vec::new());
    for _ in 0..20 {
        let began = Instant::now();
        wire.ask(&house.tenants[1].trigger("")).await.unwrap().run();
        times.push(began.elapsed());
    }
    per_mille(&mut times, 500)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_times_what_it_can_do_the_server_is_as_before() {
    // So few places that the storm takes them all.
    let house = House::open(&[("WAITING", "512"), ("WAITING_PER_TENANT", "400")]).await;
    let capacity = capacity(&house).await;
    let lasts = Duration::from_secs(by_form(2, 60));
    // What a process keeps for next time, it keeps after the first time.
    storm(&house, capacity * 5, lasts / 2).await;
    let (calm, before) = (latency(&house).await, Held::by(house.pid()));
    let [accepted, refused, lost] = storm(&house, capacity * 5, lasts).await;
    assert!(accepted > 0, "{refused} were refused, {lost} were lost, none was accepted");
    let (began, mut again) = (Instant::now(), ticks(2));
    // The short form runs beside other tests, which may have begun in the meantime.
    let more = Duration::from_millis(by_form(500, 50));
    while latency(&house).await > calm * 2 + more {
        assert!(began.elapsed() < Duration::from_mins(1), "calm was {calm:?}");
        again.tick().await;
    }
    let look = || Held::by(house.pid());
    let runs_kib = u64::try_from(accepted).unwrap() * 8;
    soon(Duration::from_mins(1), look, |held| {
        held.files <= before.files + 16
            && held.memory_kib <= before.memory_kib * 11 / 10 + runs_kib + 16_384
    })
    .await;
    house.close();
}
