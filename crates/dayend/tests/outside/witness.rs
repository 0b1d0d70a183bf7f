//! The witness: a file that tasks sign when they start. No server ever opens it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One start of a task, as the task itself told it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    pub(crate) run: String,
    pub(crate) task: String,
    /// The rest of the line: what tells this attempt from others.
    pub(crate) attempt: String,
}

/// The starts in the file, and how often each was told. No file: nothing has started.
pub(crate) fn starts(path: &Path) -> BTreeMap<Start, usize> {
    let mut starts = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap_or_default().lines() {
        let told: Vec<&str> = line.splitn(4, ' ').collect();
        let ["WITNESS", run, task, attempt] = told.as_slice() else {
            panic!("not a line of a witness: {line}");
        };
        let start = Start {
            run: (*run).to_owned(),
            task: (*task).to_owned(),
            attempt: (*attempt).to_owned(),
        };
        *starts.entry(start).or_default() += 1;
    }
    starts
}

/// Fails if an attempt started more than once.
pub(crate) fn assert_nothing_ran_twice(path: &Path) {
    for (start, times) in starts(path) {
        assert_eq!(times, 1, "{start:?} ran {times} times");
    }
}
