//! One tenant's storm, and what another one notices of it.

use crate::house::House;
use crate::measure::{by_form, per_mille, ticks};
use crate::wire::Wire;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Callers of the flooding tenant, each with its next trigger as soon as the last one is answered.
const FLOODERS: usize = 250;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_triggers_of_one_tenant_does_not_delay_those_of_another() {
    // Few places, so that they are taken at once.
    let house = House::open(&[("WAITING", "256"), ("WAITING_PER_TENANT", "200")]).await;
    let [flood, small] = &house.tenants;
    let (over, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut flooders = Vec::new();
    for _ in 0..FLOODERS {
        let (over, accepted, address) = (Arc::clone(&over), Arc::clone(&accepted), house.address);
        let trigger = flood.trigger("");
        flooders.push(tokio::spawn(async move {
            let mut wire = Wire::connect(address).await.unwrap();
            while !over.load(Ordering::Relaxed) {
                if !wire.ask(&trigger).await.unwrap().is_turned_away() {
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }
    let (mut wire, mut times) = (house.connect().await, Vec::new());
    let mut tick = ticks(by_form(10, 20));
    for _ in 0..by_form(20, 1200) {
        tick.tick().await;
        let began = Instant::now();
        wire.ask(&small.trigger("")).await.unwrap().run();
        times.push(began.elapsed());
    }
    over.store(true, Ordering::Relaxed);
    for flooder in flooders {
        flooder.await.unwrap();
    }
    let p95 = per_mille(&mut times, 950);
    let within = by_form(Duration::from_secs(6), Duration::from_secs(2));
    assert!(p95 <= within, "the small tenant waited {p95:?}");
    assert!(accepted.load(Ordering::Relaxed) > 0, "the flooding tenant has its share too");
    house.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_above_its_rate_is_told_when_to_come_again_and_nobody_else_is() {
    let house = House::open(&[("CHANGES_PER_S", "1"), ("TENANT_CHANGES_PER_S", "1000")]).await;
    let [hasty, other] = &house.tenants;
    let mut wire = house.connect().await;
    let (mut accepted, mut turned_away) = (Vec::new(), 0);
    let began = Instant::now();
    for _ in 0..40 {
        let reply = wire.ask(&hasty.trigger("")).await.unwrap();
        if reply.is_turned_away() {
            assert_eq!(reply.status, 429, "{reply:?}");
            turned_away += 1;
        } else {
            accepted.push(reply.run());
        }
    }
    // Two at once and one a second; the definitions were a change too.
    let most = 2 + usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!(accepted.len() <= most, "{} were accepted, not {most}", accepted.len());
    assert!(turned_away > 0);
    for _ in 0..40 {
        let seen = wire.ask(&hasty.status(&accepted[0])).await.unwrap();
        assert_eq!(seen.status, 200, "looking is no change: {seen:?}");
    }
    let trigger = hasty.request("POST", "/api/v1/runs", &[], r#"{"code":"SAME","kind":"Batch"}"#);
    let problem = wire.ask(&trigger).await.unwrap();
    assert_eq!((problem.status, problem.text("code").as_str()), (429, "busy"), "{problem:?}");
    house.ask(&other.trigger("")).await.run();
}
