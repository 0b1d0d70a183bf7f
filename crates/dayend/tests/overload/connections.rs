//! Connections that are slow, short, or too many.

use crate::house::House;
use crate::measure::{Held, by_form, per_mille, processor_time, soon, ticks};
use crate::wire::Wire;
use rustix::process::{Resource, Rlimit, prlimit};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_slow_connections_delay_nobody() {
    let house = House::open(&[]).await;
    let [tenant, _] = &house.tenants;
    let run = house.ask(&tenant.trigger("")).await.run();
    let body = tenant.call("trigger", &[], &" ".repeat(100_000));
    let status = tenant.status(&run);
    let kinds: [&[u8]; 4] = [
        b"",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        &body[..body.len() - 99_000],
        // Asks, and never reads the answers.
        &status,
    ];
    let (mut slow, began) = (Vec::new(), Instant::now());
    for number in 0..by_form(600, 4000) {
        let mut wire = house.connect().await;
        wire.send(kinds[number % kinds.len()]).await.unwrap();
        slow.push(wire);
    }
    let (mut wire, mut times, mut tick) = (house.connect().await, Vec::new(), ticks(20));
    for _ in 0..by_form(30, 600) {
        tick.tick().await;
        let began = Instant::now();
        assert_eq!(wire.ask(&status).await.unwrap().status, 200);
        times.push(began.elapsed());
    }
    let p99 = per_mille(&mut times, 990);
    let within = by_form(Duration::from_secs(5), Duration::from_secs(1));
    assert!(p99 <= within, "the others waited {p99:?}");
    if by_form(false, true) {
        // Dead silence, a slow head and a slow body have all had their time.
        assert!(began.elapsed() > Duration::from_secs(25));
        let held = || Held::by(house.pid()).files;
        soon(Duration::from_mins(1), held, |files| *files < 1200).await;
    }
    drop(slow);
    house.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_short_connections_leaves_nothing_behind() {
    let house = House::open(&[]).await;
    house.ask(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let before = Held::by(house.pid()).files;
    let mut floods = JoinSet::new();
    for _ in 0..20 {
        let address = house.address;
        floods.spawn(async move {
            for number in 0..by_form(100, 1000) {
                let stream = TcpStream::connect(address).await.unwrap();
                if number % 2 == 0 {
                    stream.set_zero_linger().unwrap();
                }
            }
        });
    }
    floods.join_all().await;
    let began = Instant::now();
    let reply = house.ask(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(reply.status, 200);
    assert!(began.elapsed() < by_form(Duration::from_secs(20), Duration::from_secs(5)));
    let files = || Held::by(house.pid()).files;
    soon(Duration::from_mins(1), files, |files| *files <= before + 2).await;
    house.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_free_file_descriptors_waits_for_some_and_goes_on() {
    let house = House::open(&[]).await;
    let health = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let room = u64::try_from(Held::by(house.pid()).files).unwrap() + 10;
    let few = Rlimit { current: Some(room), maximum: Some(room) };
    let before = prlimit(Some(house.pid()), Resource::Nofile, few).unwrap();
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(house.address).await.unwrap());
    }
    let log = || house.log().matches("a connection could not be accepted").count();
    soon(Duration::from_mins(1), log, |lines| *lines > 0).await;
    // Of two seconds without a free descriptor it uses little, and says little.
    let (used, lines, mut tick) = (processor_time(house.pid()), log(), ticks(1));
    for _ in 0..3 {
        tick.tick().await;
    }
    let used = processor_time(house.pid()).saturating_sub(used);
    assert!(used < Duration::from_millis(600), "it spins: {used:?} in two seconds");
    assert!(log() - lines < 200, "{} lines in two seconds", log() - lines);
    drop(crowd);
    let began = Instant::now();
    let mut wire = Wire::connect(house.address).await.unwrap();
    assert_eq!(wire.ask(health).await.unwrap().status, 200);
    assert!(began.elapsed() < by_form(Duration::from_secs(20), Duration::from_secs(5)));
    // Closing the database wants a descriptor or two.
    drop(wire);
    prlimit(Some(house.pid()), Resource::Nofile, Rlimit { current: Some(room), ..before })
        .unwrap_or(before);
    house.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_no_more_connections_than_it_may() {
    let house = House::open(&[("CONNECTIONS_PER_ADDRESS", "20")]).await;
    let mut crowd = Vec::new();
    for _ in 0..60 {
        crowd.push(TcpStream::connect(house.address).await.unwrap());
    }
    let mut closed = 0;
    for stream in &mut crowd[20..] {
        let mut nothing = [0; 1];
        closed += usize::from(matches!(stream.read(&mut nothing).await, Ok(0) | Err(_)));
    }
    assert_eq!(closed, 40);
    drop(crowd);
    let mut again = ticks(20);
    while house.connect().await.ask(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
        again.tick().await;
    }
}
