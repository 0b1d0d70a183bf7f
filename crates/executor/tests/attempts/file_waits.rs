use crate::harness::{Node, PATIENCE, Place, attempt, attempt_with, now, scope};
use crate::memory_area::{MemoryArea, Shared, sha256};
use dayend_engine::definition::{FileWork, Work};
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Attempt, Executor, Fact, FileNote, FileUse, Outcome};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const HOUR_MS: u64 = 3_600_000;
const HOUR_US: i64 = 3_600_000_000;

fn wait(name: &str) -> FileWork {
    FileWork { name: name.to_owned(), within_ms: Some(HOUR_MS), ..FileWork::default() }
}

fn waiting(work: FileWork) -> Attempt {
    attempt_with(Work::File(work), &[("FICMISDATE", "2026-10-30"), ("P", "*")])
}

fn node_with(place: &Place, area: &Arc<MemoryArea>) -> Node {
    let node = place.node();
    node.executors.use_files(Arc::new(Shared(Arc::clone(area))));
    node
}

/// Waits until the attempt has looked and found nothing.
async fn looked_for(node: &Node, attempt: &Attempt, why: &str) {
    let told = async {
        while !node.log_text(attempt.id).contains(why) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("its log tells what is missing");
}

#[tokio::test]
async fn a_wait_sleeps_until_its_file_comes() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.put("in/rates-2026-10-29.csv", b"yesterday");
    let attempt = waiting(wait("in/rates-$FICMISDATE$*.csv"));
    let id = attempt.id;
    node.executors.start(attempt.clone());
    assert_eq!(node.started(id).await, attempt.dispatched_at);
    looked_for(&node, &attempt, "there is none").await;
    let looks = area.looks.load(Ordering::SeqCst);
    for number in 0..50 {
        let name = format!("in/other-{number}");
        area.put(&name, b"x");
        node.executors.file_arrived(&scope(), &name);
    }
    area.put("in/rates-2026-10-30_1.csv", b"rates");
    node.executors.file_arrived(&scope(), "in/rates-2026-10-30_1.csv");
    let file = node.next().await;
    let sha256 = sha256(b"rates");
    let name = "in/rates-2026-10-30_1.csv".to_owned();
    let awaited =
        FileNote { purpose: FileUse::Awaited, name, size_bytes: 5, sha256: sha256.clone() };
    assert_eq!(file.fact, Fact::Files { files: vec![awaited] });
    let message = format!("`in/rates-2026-10-30_1.csv`, 5 bytes, SHA-256 {sha256}");
    assert_eq!(node.end_of(id).await, (Outcome::Succeeded, message));
    // Two pages for the file, of which nobody asks more than once a wake.
    assert!(area.looks.load(Ordering::SeqCst) <= looks + 4, "nobody looked while nothing came");
    assert!(node.log_text(id).contains("waits for `in/rates-2026-10-30*.csv` until "));
}

#[tokio::test]
async fn what_is_there_already_counts_and_of_many_the_newest() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    for (name, at) in [("in/a.csv", 2), ("in/b.csv", 9), ("in/c.csv", 5), ("in/sub/d.csv", 10)] {
        area.put_at(name, name.as_bytes(), Timestamp(at));
    }
    let (outcome, message) = node.run(waiting(wait("in/*.csv"))).await;
    assert_eq!(outcome, Outcome::Succeeded);
    assert!(message.starts_with("`in/b.csv`, 8 bytes, SHA-256 "), "{message}");
    assert!(message.ends_with(", the newest of 3 files"), "{message}");
}

#[tokio::test]
async fn a_parameter_is_no_wildcard() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.put("anything.csv", b"x");
    let attempt = waiting(FileWork { within_ms: Some(50), ..wait("$P$.csv") });
    let (outcome, message) = node.run(attempt).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.starts_with("no file `*.csv` came until "), "{message}");
}

#[tokio::test]
async fn a_file_that_does_not_count_says_why() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.put("rates.csv", b"12345");
    let late = || FileWork { within_ms: Some(50), ..wait("rates.csv") };
    #[rustfmt::skip]
    let cases = [
        (FileWork { min_bytes: 6, ..late() }, "`rates.csv` is there, but has 5 of at least 6 bytes"),
        (FileWork { marker: Some("rates-$FICMISDATE$.done".to_owned()), ..late() },
            "`rates.csv` is there, but its marker `rates-2026-10-30.done` is not"),
        (FileWork { stable_ms: HOUR_MS, ..late() }, "`rates.csv` was put there too short a time ago: it counts from "),
        (FileWork { name: "rates.txt".to_owned(), ..late() }, "there is none"),
    ];
    for (work, why) in cases {
        let (outcome, message) = node.run(waiting(work)).await;
        assert_eq!(outcome, Outcome::Failed, "{message}");
        assert!(message.contains(" came until ") && message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn a_marker_completes_the_file() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.put("rates.csv", b"12345");
    let work = FileWork { marker: Some("$FICMISDATE$.done".to_owned()), ..wait("rates.csv") };
    let attempt = waiting(work);
    node.executors.start(attempt.clone());
    looked_for(&node, &attempt, "its marker `2026-10-30.done` is not").await;
    area.put("2026-10-30.done", b"");
    node.executors.file_arrived(&scope(), "2026-10-30.done");
    let (outcome, message) = node.end_of(attempt.id).await;
    assert_eq!(outcome, Outcome::Succeeded);
    assert!(message.starts_with("`rates.csv`, 5 bytes"), "{message}");
}

#[tokio::test]
async fn a_stable_file_is_taken_although_nothing_comes() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    let put_at = now();
    area.put_at("rates.csv", b"12345", put_at);
    let work = FileWork { stable_ms: 300, ..wait("rates.csv") };
    assert_eq!(node.run(waiting(work)).await.0, Outcome::Succeeded);
    assert!(now() >= put_at.plus_ms(300));
}

#[tokio::test]
async fn a_wait_is_taken_up_by_the_next_server_and_keeps_its_end() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let attempt = waiting(wait("rates.csv"));
    let mut first = node_with(&place, &area);
    first.executors.start(attempt.clone());
    first.started(attempt.id).await;
    looked_for(&first, &attempt, "there is none").await;
    first.executors.shutdown().await;
    assert!(first.reports.try_recv().is_err(), "it is left to the next server");
    // The next server has attempts before it has an exchange.
    let mut second = place.node();
    second.executors.adopt(attempt.clone());
    assert_eq!(second.started(attempt.id).await, attempt.dispatched_at);
    area.put("rates.csv", b"12345");
    second.executors.use_files(Arc::new(Shared(Arc::clone(&area))));
    assert_eq!(second.end_of(attempt.id).await.0, Outcome::Succeeded);

    let mut late = waiting(wait("other.csv"));
    late.dispatched_at = Timestamp(now().0 - HOUR_US);
    let until = late.dispatched_at.plus_ms(HOUR_MS);
    second.executors.adopt(late.clone());
    let (outcome, message) = second.end_of(late.id).await;
    let want = format!("no file `other.csv` came until {until}: there is none");
    assert_eq!((outcome, message), (Outcome::Failed, want));
    late.id.epoch += 1_000_000;
    area.put("other.csv", b"");
    second.executors.adopt(late.clone());
    let found = second.end_of(late.id).await;
    assert_eq!(
        found.0,
        Outcome::Succeeded,
        "what came while no server looked is found: {}",
        found.1
    );
}

#[tokio::test]
async fn a_wait_is_stopped_at_once_and_takes_no_place_from_others() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = place.node_with(|settings| settings.limits.commands = 1);
    let waits: Vec<Attempt> = (0..200).map(|_| waiting(wait("never.csv"))).collect();
    for attempt in &waits {
        node.executors.start(attempt.clone());
    }
    // Whether there is an exchange already or not.
    node.executors.stop(waits[0].id);
    let stopped = (Outcome::Failed, "stopped while waiting for `never.csv`".to_owned());
    assert_eq!(node.end_of(waits[0].id).await, stopped);
    node.executors.use_files(Arc::new(Shared(area)));
    let command = attempt(crate::harness::argv(&["/bin/true"]));
    assert_eq!(node.run(command).await.0, Outcome::Succeeded);
    for attempt in &waits[1..] {
        node.executors.stop(attempt.id);
        assert_eq!(node.end_of(attempt.id).await, stopped);
    }
}

#[tokio::test]
async fn an_exchange_that_is_away_for_a_while_fails_no_wait() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.away.store(3, Ordering::SeqCst);
    area.put("rates.csv", b"12345");
    let attempt = waiting(wait("rates.csv"));
    let id = attempt.id;
    assert_eq!(node.run(attempt).await.0, Outcome::Succeeded);
    assert!(node.log_text(id).contains("whether it is there is not known: the store is away"));
}
