//! What clients were told, and when: none of it may ever be untrue again.

use crate::bank::{Open, status};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Something that a client knows.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// A definition was accepted.
    Defined(&'static str),
    /// A run was accepted.
    Exists(String),
    /// It is about to be changed: from now on its state is open.
    Asked(String),
    /// A restart was accepted: it has this generation, or a later one.
    Generation(String, u64),
    /// It was seen ended like this.
    Ended(String, String),
}

/// All facts in their order, each with the moment from which it counts.
pub(crate) struct Journal {
    moment: Box<dyn Fn() -> u64>,
    facts: RefCell<Vec<(u64, Fact)>>,
}

/// What must be true of one run.
#[derive(Clone, Debug, Default)]
struct Known {
    generation: u64,
    ended: Option<String>,
}

impl Journal {
    /// Asks `moment` what time it is, by whatever clock.
    pub(crate) fn new(moment: impl Fn() -> u64 + 'static) -> Self {
        Self { moment: Box::new(moment), facts: RefCell::default() }
    }

    pub(crate) fn note(&self, fact: Fact) {
        self.facts.borrow_mut().push(((self.moment)(), fact));
    }

    /// The moments at which something was told.
    pub(crate) fn moments(&self) -> Vec<u64> {
        self.facts.borrow().iter().map(|(moment, _)| *moment).collect()
    }

    /// Whether definitions were accepted by then.
    pub(crate) fn is_defined(&self, until: u64) -> bool {
        let defined = |(at, fact): &(u64, Fact)| *at <= until && matches!(fact, Fact::Defined(_));
        self.facts.borrow().iter().any(defined)
    }

    /// What the server knows no more, or otherwise, of all that was told up to a moment; nothing if it is gone.
    pub(crate) fn untrue(&self, open: &Open<'_>, until: u64) -> Option<Vec<String>> {
        let mut untrue = Vec::new();
        for (run, known) in self.known(until) {
            let answer = open.try_api(&format!("runs/{run}"), "")?;
            if answer.status != 200 {
                untrue.push(format!("{run} is lost: {}", answer.body));
                continue;
            }
            let shown = answer.json();
            let generation = shown["generation"].as_u64().unwrap();
            let ended = known.ended.as_ref().is_none_or(|ended| status(&shown) == ended);
            if generation < known.generation || !ended {
                untrue.push(format!("{run} was {known:?} and is {shown}"));
            }
        }
        let definitions = open.try_api("definitions", "")?.body;
        for (at, fact) in self.facts.borrow().iter() {
            if let Fact::Defined(code) = fact
                && *at <= until
                && !definitions.contains(code)
            {
                untrue.push(format!("the definition {code} is lost: {definitions}"));
            }
        }
        Some(untrue)
    }

    fn known(&self, until: u64) -> BTreeMap<String, Known> {
        let mut all: BTreeMap<String, Known> = BTreeMap::new();
        for (_, fact) in self.facts.borrow().iter().filter(|(at, _)| *at <= until) {
            match fact {
                Fact::Defined(_) => {}
                Fact::Exists(run) => drop(all.entry(run.clone()).or_default()),
                Fact::Asked(run) => all.entry(run.clone()).or_default().ended = None,
                Fact::Generation(run, generation) => {
                    let known = all.entry(run.clone()).or_default();
                    known.generation = known.generation.max(*generation);
                }
                Fact::Ended(run, ended) => {
                    all.entry(run.clone()).or_default().ended = Some(ended.clone());
                }
            }
        }
        all
    }
}
