//! Runs of command tasks that sign the witness, asked for until they are accepted.

use crate::bank::{Bank, Open, RECOVERED_WITHIN};
use crate::outside::columns::columns;
use crate::outside::curl::Answer;
use crate::outside::witness::{Start, assert_nothing_ran_twice, starts};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// So many tasks side by side, so many after each other.
const WIDTH: usize = 3;
const DEPTH: usize = 2;
pub(crate) const WORK: &str = r#"{"batchName": "WORK", "batchType": "rest"}"#;

/// A trigger that is repeated with its key until it is accepted.
pub(crate) struct Wish {
    key: String,
    pub(crate) run: Option<String>,
}

impl Wish {
    pub(crate) fn new(key: String) -> Self {
        Self { key, run: None }
    }

    /// Asks once, unless it was accepted before.
    pub(crate) fn utter(&mut self, open: &Open<'_>) -> bool {
        if self.run.is_none() {
            self.run = accepted(&open.call("trigger", &self.key, WORK));
        }
        self.run.is_some()
    }

    /// Asks until it is accepted, which must be soon.
    pub(crate) fn insist(&mut self, open: &Open<'_>) -> String {
        let begun = Instant::now();
        while !self.utter(open) {
            assert!(begun.elapsed() < RECOVERED_WITHIN, "{} is not accepted any more", self.key);
        }
        self.run.clone().unwrap()
    }
}

/// The run id of an answer that says yes; none: come again.
pub(crate) fn accepted(answer: &Answer) -> Option<String> {
    match answer.status {
        503 => None,
        200 => {
            assert_eq!(answer.text("statusCode"), "0", "{answer:?}");
            Some(answer.text("batchRunId"))
        }
        _ => panic!("{answer:?}"),
    }
}

/// The batch.
pub(crate) fn definition(bank: &Bank) -> String {
    columns(WIDTH, DEPTH, ":", &bank.outside("witness"))
}

/// Every wish is a run of its own, which ends well; the witness saw each of its tasks once, and no other run.
pub(crate) fn assert_all_ended_well(bank: &Bank, open: &Open<'_>, wishes: &mut [Wish]) {
    let mut runs = BTreeSet::new();
    for wish in &mut *wishes {
        let run = wish.insist(open);
        let ended = open.ended(&run);
        assert_eq!(ended["status"], "SUCCESSFUL", "{ended}");
        runs.insert(run);
    }
    assert_eq!(runs.len(), wishes.len(), "a key is one run");
    let witness = bank.outside("witness");
    assert_nothing_ran_twice(&witness);
    let mut tasks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut count = 0;
    for Start { run, task, .. } in starts(&witness).into_keys() {
        tasks.entry(run).or_default().insert(task);
        count += 1;
    }
    assert_eq!(count, wishes.len() * WIDTH * DEPTH, "a task started again in the same generation");
    assert!(tasks.keys().eq(runs.iter()), "the witness saw {tasks:?}, but accepted were {runs:?}");
    assert!(tasks.values().all(|tasks| tasks.len() == WIDTH * DEPTH), "{tasks:?}");
}
