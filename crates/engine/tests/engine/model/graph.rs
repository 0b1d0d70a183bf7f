//! States, edges and reachability, by brute force.

use dayend_engine::codes::Code;
use dayend_engine::definition::{Edge, On};
use std::collections::{BTreeMap, BTreeSet};

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Waiting,
    Held,
    Excluded,
    Running,
    Stopping,
    Recycling,
    Backoff,
    Successful,
    Failed,
    Interrupted,
    Aborted,
}

use State::{
    Aborted, Backoff, Excluded, Failed, Held, Interrupted, Recycling, Running, Stopping,
    Successful, Waiting,
};

impl State {
    pub(crate) fn pending(self) -> bool {
        [Waiting, Held].contains(&self)
    }

    pub(crate) fn active(self) -> bool {
        [Running, Stopping, Recycling, Backoff].contains(&self)
    }

    pub(crate) fn with_attempt(self) -> bool {
        [Running, Stopping, Recycling].contains(&self)
    }

    /// Not successful, so a restart brings it back.
    pub(crate) fn unsuccessful(self) -> bool {
        [Failed, Interrupted, Aborted].contains(&self)
    }

    pub(crate) fn settled(self) -> bool {
        [Excluded, Successful, Failed, Interrupted, Aborted].contains(&self)
    }
}

/// Whether an edge from a node in `state` is met now.
pub(crate) fn met(on: On, state: State, unreachable: bool) -> bool {
    match on {
        On::Success => !unreachable && [Successful, Excluded].contains(&state),
        On::Failure => !unreachable && [Failed, Aborted].contains(&state),
        On::End => unreachable || state.settled(),
    }
}

/// The pending nodes that have an edge which can never be met any more: some predecessor is settled, or unreachable
/// itself, and does not meet it. Grows the set until nothing is added.
pub(crate) fn unreachable(
    after: &BTreeMap<Code, Vec<Edge>>,
    states: &BTreeMap<Code, State>,
) -> BTreeSet<Code> {
    let mut found = BTreeSet::new();
    loop {
        let mut grown = found.clone();
        for (code, edges) in after {
            let lost = |edge: &Edge| {
                let (before, gone) = (states[&edge.task], found.contains(&edge.task));
                (before.settled() || gone) && !met(edge.on, before, gone)
            };
            if states[code].pending() && edges.iter().any(lost) {
                grown.insert(code.clone());
            }
        }
        if grown == found {
            return found;
        }
        found = grown;
    }
}
