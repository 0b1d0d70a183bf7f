//! Definitions for tests: few words for few tasks, and random ones.

use dayend_engine::codes::Code;
use dayend_engine::definition::{Batch, Edge, Group, Member, On, OnLost, Retries, Task, Work};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Four times as many cases as usual (or as `PROPTEST_CASES` says), for they are quick. A failure is kept as a rule with
/// a name, not as a seed.
pub(crate) fn many_cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = usual.cases.saturating_mul(4);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 30_000, ..usual }
}

pub(crate) fn code(text: &str) -> Code {
    text.parse().unwrap()
}

pub(crate) fn edge(after: &str, on: On) -> Edge {
    Edge { task: code(after), on }
}

pub(crate) fn task(name: &str, after: &[(&str, On)]) -> Task {
    Task {
        code: code(name),
        name: name.to_owned(),
        description: String::new(),
        work: Work::Noop,
        params: BTreeMap::new(),
        after: after.iter().map(|(before, on)| edge(before, *on)).collect(),
        timeout_ms: None,
        retries: Retries::default(),
        on_lost: OnLost::Abort,
    }
}

pub(crate) fn batch(tasks: Vec<Task>) -> Batch {
    Batch {
        code: code("BATCH"),
        name: String::new(),
        description: String::new(),
        params: BTreeMap::new(),
        tasks: tasks.into_iter().collect(),
    }
}

pub(crate) fn group(members: &[(&str, &[(&str, On)])]) -> Group {
    let member = |(name, after): &(&str, &[(&str, On)])| Member {
        batch: code(name),
        after: after.iter().map(|(before, on)| edge(before, *on)).collect(),
    };
    Group {
        code: code("GROUP"),
        name: String::new(),
        description: String::new(),
        members: members.iter().map(member).collect(),
    }
}

/// What a random node comes after (as indices to be taken modulo its place), and how it is run.
type Sketch = (Vec<(u8, On)>, Retries, Option<u64>, OnLost);

fn edges() -> impl Strategy<Value = Vec<(u8, On)>> {
    let on = prop_oneof![3 => Just(On::Success), 1 => Just(On::Failure), 1 => Just(On::End)];
    prop::collection::vec((any::<u8>(), on), 0..4)
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let backoff_ms = prop_oneof![Just(0), Just(7), Just(1000), Just(u64::MAX)];
    let max_backoff_ms = prop::option::of(prop_oneof![Just(0), Just(10), Just(5000)]);
    let retries = (0..3_u32, backoff_ms, max_backoff_ms)
        .prop_map(|(max, backoff_ms, max_backoff_ms)| Retries { max, backoff_ms, max_backoff_ms });
    let timeout_ms = prop::option::of(prop_oneof![Just(0), Just(5), Just(2000), Just(u64::MAX)]);
    let on_lost = prop_oneof![Just(OnLost::Abort), Just(OnLost::Retry)];
    (edges(), retries, timeout_ms, on_lost)
}

/// The nodes before place `place` that a sketch names, each pair (node, kind) once.
fn named_before(place: usize, after: &[(u8, On)]) -> Vec<(String, On)> {
    let mut before: Vec<(String, On)> = after
        .iter()
        .filter(|_| place > 0)
        .map(|(pick, on)| (format!("T{}", usize::from(*pick) % place), *on))
        .collect();
    before.sort();
    before.dedup();
    before
}

/// Batches of 1 to `most` tasks whose order in the definition is not the order in which they run.
pub(crate) fn batches(most: usize) -> impl Strategy<Value = Batch> {
    prop::collection::vec(sketch(), 1..=most)
        .prop_map(|sketches| {
            let made = sketches.into_iter().enumerate().map(|(place, sketch)| {
                let (after, retries, timeout_ms, on_lost) = sketch;
                let before = named_before(place, &after);
                let before: Vec<(&str, On)> =
                    before.iter().map(|(name, on)| (name.as_str(), *on)).collect();
                let plain = task(&format!("T{place}"), &before);
                Task { retries, timeout_ms, on_lost, ..plain }
            });
            made.collect::<Vec<Task>>()
        })
        .prop_shuffle()
        .prop_map(batch)
}

/// Groups of 1 to `most` members `T0`, `T1`, …
pub(crate) fn groups(most: usize) -> impl Strategy<Value = Group> {
    prop::collection::vec(edges(), 1..=most)
        .prop_map(|sketches| {
            let made = sketches.into_iter().enumerate().map(|(place, after)| Member {
                batch: code(&format!("T{place}")),
                after: named_before(place, &after)
                    .iter()
                    .map(|(name, on)| edge(name, *on))
                    .collect(),
            });
            made.collect::<Vec<Member>>()
        })
        .prop_shuffle()
        .prop_map(|members| Group { members, ..group(&[]) })
}
