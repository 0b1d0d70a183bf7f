//! Passwords are dear to check: a storm of guesses must not take the machine from everybody else.

use crate::house::House;
use crate::measure::{by_form, per_mille, ticks};
use crate::wire::Wire;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_log_ins_is_turned_away_and_the_interface_goes_on() {
    let house = House::open(&[]).await;
    let [tenant, other] = &house.tenants;
    let run = house.ask(&other.trigger("")).await.run();
    let over = Arc::new(AtomicBool::new(false));
    let mut guessers = JoinSet::new();
    for guesser in 0..100 {
        let (over, address, tenant) = (Arc::clone(&over), house.address, tenant.clone());
        guessers.spawn(async move {
            let (mut wire, mut seen) = (Wire::connect(address).await.unwrap(), Vec::new());
            for guess in 0.. {
                // Names that differ: nobody's own delay is what is tested here.
                let form =
                    format!("grant_type=password&username=u{guesser}-{guess}&password=wrong");
                let reply = wire.ask(&tenant.log_in_with(&form)).await.unwrap();
                if reply.status == 429 {
                    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
                    assert!((1..=30).contains(&wait), "{reply:?}");
                } else {
                    assert_eq!(reply.status, 400, "{reply:?}");
                }
                seen.push(reply.status);
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
            seen
        });
    }
    let (mut wire, mut times, mut tick) = (house.connect().await, Vec::new(), ticks(20));
    for _ in 0..by_form(20, 400) {
        tick.tick().await;
        let began = Instant::now();
        assert_eq!(wire.ask(&other.status(&run)).await.unwrap().status, 200);
        times.push(began.elapsed());
    }
    over.store(true, Ordering::Relaxed);
    let seen = guessers.join_all().await.concat();
    assert!(seen.contains(&429), "nobody was turned away of {}", seen.len());
    assert!(seen.contains(&400), "nobody was looked at of {}", seen.len());
    let p95 = per_mille(&mut times, 950);
    let within = by_form(Duration::from_secs(4), Duration::from_millis(250));
    assert!(p95 <= within, "the interface took {p95:?}");
    let right = "grant_type=password&username=night&password=a%20passphrase%20that%20is%20long";
    assert_eq!(house.ask(&other.log_in_with(right)).await.status, 200);
}
