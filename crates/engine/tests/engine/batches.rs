//! Random batches and random events: engine and model agree after each.

use crate::build::{batches, many_cases};
use crate::drive::Pair;
use dayend_engine::run::{Choices, Event, Outcome, TaskVerb};
use dayend_engine::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What may happen next. Picks are taken modulo what there is.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// An attempt that runs ends.
    End {
        pick: u8,
        outcome: Outcome,
    },
    /// Somebody reports the end of an attempt of any task, `back` epochs ago (-1: one that does not exist yet).
    Report {
        node: u32,
        back: i8,
        outcome: Outcome,
    },
    Started {
        pick: u8,
    },
    StartedAny {
        node: u32,
        back: i8,
    },
    Tick {
        later_ms: u64,
    },
    /// Time passes until something is due.
    Due,
    Interrupt,
    Restart,
    ForceAll,
    Verb {
        node: u32,
        verb: TaskVerb,
    },
    /// A batch has no members.
    RestartMember {
        node: u32,
    },
    /// The run is started, which it is already.
    Again,
    Reload,
}

pub(crate) fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Succeeded),
        3 => Just(Outcome::Failed),
        1 => Just(Outcome::Lost),
        1 => Just(Outcome::Void),
    ]
}

pub(crate) fn verbs() -> impl Strategy<Value = TaskVerb> {
    use TaskVerb::{Exclude, ForceOk, Hold, Include, Release};
    prop::sample::select(vec![Hold, Release, Exclude, Include, ForceOk])
}

pub(crate) fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => (any::<u8>(), outcomes()).prop_map(|(pick, outcome)| Happening::End { pick, outcome }),
        2 => (0..13_u32, -1..3_i8, outcomes())
            .prop_map(|(node, back, outcome)| Happening::Report { node, back, outcome }),
        4 => any::<u8>().prop_map(|pick| Happening::Started { pick }),
        1 => (0..13_u32, -1..3_i8).prop_map(|(node, back)| Happening::StartedAny { node, back }),
        2 => (0..3000_u64).prop_map(|later_ms| Happening::Tick { later_ms }),
        3 => Just(Happening::Due),
        2 => Just(Happening::Interrupt),
        4 => Just(Happening::Restart),
        1 => Just(Happening::ForceAll),
        6 => (0..13_u32, verbs()).prop_map(|(node, verb)| Happening::Verb { node, verb }),
        1 => (0..13_u32).prop_map(|node| Happening::RestartMember { node }),
        1 => Just(Happening::Again),
        1 => Just(Happening::Reload),
    ]
}

/// Three lists of nodes; mostly short.
pub(crate) fn choices() -> impl Strategy<Value = Choices> {
    let some = |most| prop::collection::btree_set(0..12_u32, 0..most);
    let included = prop_oneof![3 => Just(BTreeSet::new()), 1 => some(8).boxed()];
    (some(4), some(4), included).prop_map(|(excluded, held, included)| Choices {
        excluded,
        held,
        included,
    })
}

impl Pair {
    /// Makes it happen, as far as it can.
    pub(crate) fn happen(&mut self, happening: &Happening) {
        let attempts = self.live_attempts();
        let picked = |pick: u8| attempts.get(usize::from(pick) % attempts.len().max(1)).copied();
        let shifted = |pair: &Self, node: u32, back: i8| {
            pair.run.epoch(node).checked_add_signed(-i32::from(back)).unwrap_or(0)
        };
        let event = match *happening {
            Happening::End { pick, outcome } => {
                picked(pick).map(|(node, epoch)| Event::Ended { node, epoch, outcome })
            }
            Happening::Report { node, back, outcome } => {
                Some(Event::Ended { node, epoch: shifted(self, node, back), outcome })
            }
            Happening::Started { pick } => {
                picked(pick).map(|(node, epoch)| Event::Started { node, epoch })
            }
            Happening::StartedAny { node, back } => {
                Some(Event::Started { node, epoch: shifted(self, node, back) })
            }
            Happening::Tick { later_ms } => {
                self.now = self.now.plus_ms(later_ms);
                Some(Event::Tick)
            }
            Happening::Due => {
                let due = self.run.next_wake().filter(|due| due.0 < i64::MAX / 4);
                self.now = due.unwrap_or(self.now).max(self.now);
                Some(Event::Tick)
            }
            Happening::Interrupt => Some(Event::Interrupt),
            Happening::Restart => Some(Event::Restart { members: &[] }),
            Happening::ForceAll => Some(Event::ForceAll),
            Happening::Verb { node, verb } => Some(Event::Verb { node, verb }),
            Happening::RestartMember { node } => Some(Event::RestartMember { node }),
            Happening::Again => Some(Event::Start),
            Happening::Reload => {
                self.reload();
                None
            }
        };
        if let Some(event) = event {
            // Whether it is refused is what the comparison is about.
            let _ = self.step(event);
        }
    }

    /// From any state a person can bring a run to its end by restarting it: an attempt whose time was up has failed
    /// whatever it reports, so one restart may not do.
    pub(crate) fn bring_to_the_end(&mut self) {
        for _ in 0..RESTARTS_MAX {
            if self.run.can_reopen() {
                assert!(self.step(Event::Restart { members: &[] }).is_ok());
            }
            self.let_all_succeed();
            assert!(self.run.ended(), "it waits for nothing, yet goes on: {:?}", self.states());
        }
        assert!(!self.run.can_reopen(), "{:?}", self.states());
    }

    fn let_all_succeed(&mut self) {
        for _ in 0..STEPS_MAX {
            if let Some((node, epoch)) = self.live_attempts().first().copied() {
                let outcome = Outcome::Succeeded;
                assert!(self.step(Event::Ended { node, epoch, outcome }).is_ok());
            } else if let Some(due) = self.run.next_wake() {
                self.now = due.max(self.now);
                assert!(self.step(Event::Tick).is_ok());
            } else {
                return;
            }
        }
        panic!("it goes on for ever: {:?}", self.states());
    }
}

const RESTARTS_MAX: usize = 3;
const STEPS_MAX: usize = 1000;

proptest! {
    #![proptest_config(many_cases())]

    /// `Run` counts as it goes; the model recounts from the whole graph every time.
    #[test]
    fn a_run_agrees_with_the_model(
        batch in batches(12),
        choices in choices(),
        happenings in prop::collection::vec(happenings(), 0..60),
    ) {
        let mut pair = Pair::new(batch, choices);
        if pair.step(Event::Start).is_err() {
            return Ok(());
        }
        for happening in &happenings {
            pair.happen(happening);
        }
        pair.bring_to_the_end();
    }

    /// Small batches meet rare states more often than large ones.
    #[test]
    fn a_small_run_agrees_with_the_model(
        batch in batches(4),
        choices in choices(),
        happenings in prop::collection::vec(happenings(), 0..100),
    ) {
        let mut pair = Pair::new(batch, choices);
        if pair.step(Event::Start).is_err() {
            return Ok(());
        }
        for happening in &happenings {
            pair.happen(happening);
        }
        pair.bring_to_the_end();
    }
}

#[test]
fn a_run_starts_once_at_time_zero_too() {
    let mut pair =
        Pair::new(crate::build::batch(vec![crate::build::task("A", &[])]), Choices::default());
    pair.now = Timestamp(0);
    assert!(pair.step(Event::Start).is_ok());
    assert!(pair.step(Event::Start).is_ok_and(|out| out.nodes.is_empty()));
}
