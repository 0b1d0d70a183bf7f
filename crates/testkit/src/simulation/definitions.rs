//! Random definitions: small graphs with all kinds of edges, retries, time-outs and answers to a lost attempt.

use super::random::Random;
use dayend_engine::codes::Code;
use dayend_engine::definition::{
    Batch, CommandWork, Definition, Edge, Group, HttpWork, Member, On, OnLost, Retries, Task, Work,
};
use std::collections::BTreeMap;

/// The most tasks a batch has.
const TASKS_MAX: usize = 30;

/// Some batches, and in many seeds groups of them.
pub(super) fn definitions(random: &mut Random) -> Vec<Definition> {
    let batches = 2 + random.below(3);
    let mut all: Vec<Definition> =
        (0..batches).map(|index| Definition::Batch(batch(random, &format!("B{index}")))).collect();
    if random.chance(60) {
        all.push(Definition::BatchGroup(group(random, "G0", batches)));
    }
    all
}

/// Another version of a definition.
pub(super) fn revised(random: &mut Random, old: &Definition, batches: usize) -> Definition {
    match old {
        Definition::Batch(old) => Definition::Batch(batch(random, old.code.as_str())),
        Definition::BatchGroup(old) => {
            Definition::BatchGroup(group(random, old.code.as_str(), batches))
        }
        Definition::Connection(old) => Definition::Connection(old.clone()),
    }
}

fn batch(random: &mut Random, name: &str) -> Batch {
    let most = if random.chance(15) { TASKS_MAX } else { 8 };
    let len = 1 + random.below(most);
    let edges = random.below(4);
    let mut tasks: Vec<Task> = (0..len).map(|index| task(random, index, edges)).collect();
    // Definitions may name what comes first after what follows it.
    for at in (1..tasks.len()).rev() {
        tasks.swap(at, random.below(at + 1));
    }
    Batch {
        code: code(name),
        name: name.to_owned(),
        description: String::new(),
        params: BTreeMap::new(),
        tasks: tasks.into_iter().collect(),
    }
}

fn group(random: &mut Random, name: &str, batches: usize) -> Group {
    let members = (0..batches).map(|index| {
        let edges = random.below(3);
        Member { batch: code(&format!("B{index}")), after: after(random, "B", index, edges) }
    });
    let members = members.collect();
    Group { code: code(name), name: name.to_owned(), description: String::new(), members }
}

fn task(random: &mut Random, index: usize, edges: usize) -> Task {
    let retries = if random.chance(40) { u32::try_from(random.below(3)).unwrap_or(0) } else { 0 };
    Task {
        code: code(&format!("T{index}")),
        name: String::new(),
        description: String::new(),
        work: work(random),
        params: BTreeMap::new(),
        after: after(random, "T", index, edges),
        timeout_ms: random.chance(25).then(|| 100 + random.next() % 8_000),
        retries: Retries {
            max: retries,
            backoff_ms: random.next() % 2_000,
            max_backoff_ms: random.chance(50).then_some(3_000),
        },
        on_lost: if random.chance(40) { OnLost::Retry } else { OnLost::Abort },
    }
}

fn work(random: &mut Random) -> Work {
    match random.below(3) {
        0 => Work::Noop,
        1 => {
            let argv = vec!["/bin/true".to_owned()];
            Work::Command(CommandWork { argv, ..CommandWork::default() })
        }
        _ => Work::Http(HttpWork {
            method: "POST".to_owned(),
            url: "http://localhost/".to_owned(),
            connection: None,
            headers: BTreeMap::new(),
            body: serde_json::Map::new(),
        }),
    }
}

fn after(random: &mut Random, prefix: &str, index: usize, edges: usize) -> Vec<Edge> {
    let mut after = BTreeMap::new();
    for _ in 0..edges.min(index) {
        let on = match random.below(6) {
            0 => On::Failure,
            1 => On::End,
            _ => On::Success,
        };
        after.insert(random.below(index), on);
    }
    after
        .into_iter()
        .map(|(from, on)| Edge { task: code(&format!("{prefix}{from}")), on })
        .collect()
}

pub(super) fn code(text: &str) -> Code {
    text.parse().expect("a letter and a number are a code")
}
