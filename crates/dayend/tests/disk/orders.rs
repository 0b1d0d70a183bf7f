//! Triggers of a batch that does nothing, one after the other: which were accepted, and which must be asked again.

use crate::bank::{Bank, Open, about, accepted, status};
use crate::outside::curl::Answer;
use std::time::{Duration, Instant};

pub(crate) const NOTHING: &str =
    "apiVersion: dayend/v1\nkind: Batch\ncode: NOTHING\ntasks: [{ code: A, noop: {} }]\n";
const BODY: &str = r#"{"batchName": "NOTHING", "batchType": "rest"}"#;
/// No refusal takes longer, however busy the machine is.
const REFUSED_WITHIN: Duration = Duration::from_secs(20);
/// The quickest of a test's refusals shows that nothing is waited for: the promise is a second.
const REFUSED_AT_ONCE: Duration = Duration::from_secs(3);
/// How long it may take until things work again once the reason is gone.
const WORKS_WITHIN: Duration = Duration::from_mins(1);

/// The orders of one test.
#[derive(Default)]
pub(crate) struct Orders {
    accepted: Vec<String>,
    refused: Vec<usize>,
    asked: usize,
    quickest_refusal: Option<Duration>,
}

impl Orders {
    /// The next ones, with keys that were not used yet.
    pub(crate) fn after(asked: usize) -> Self {
        Self { asked, ..Self::default() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked
    }

    /// Asks for one more run. False: it was refused as it must be.
    pub(crate) fn ask(&mut self, open: &Open<'_>) -> bool {
        self.asked += 1;
        let begun = Instant::now();
        let answer = order(open, self.asked);
        if answer.status == 200 {
            self.accepted.push(accepted(&answer));
            return true;
        }
        assert_refused(&answer);
        let took = begun.elapsed();
        assert!(took < REFUSED_WITHIN, "refused only after {took:?}");
        self.quickest_refusal = Some(self.quickest_refusal.map_or(took, |least| least.min(took)));
        self.refused.push(self.asked);
        false
    }

    /// Asks for one that must be accepted.
    pub(crate) fn must(&mut self, open: &Open<'_>) {
        assert!(self.ask(open), "order {} was refused", self.asked);
    }

    /// Asks for one that must be refused; what was accepted before can be looked at all the same.
    pub(crate) fn must_not(&mut self, open: &Open<'_>) {
        assert!(!self.ask(open), "order {} was accepted", self.asked);
        self.look(open);
        assert_eq!((open.probe("/ready"), open.probe("/health")), (503, 200));
    }

    /// Asks again for what was refused, with the same keys, until all of it is accepted.
    pub(crate) fn again(&mut self, open: &Open<'_>) {
        let begun = Instant::now();
        for order_number in std::mem::take(&mut self.refused) {
            loop {
                let answer = order(open, order_number);
                if answer.status == 200 {
                    self.accepted.push(accepted(&answer));
                    break;
                }
                assert_refused(&answer);
                assert!(begun.elapsed() < WORKS_WITHIN, "still {answer:?}");
            }
        }
        for run in &self.accepted {
            assert_eq!(status(&open.ended(run)), "SUCCESSFUL");
        }
        assert_eq!(open.probe("/ready"), 200);
    }

    /// After the server was killed: nothing is missing, nothing is there that was not asked for, or twice.
    pub(crate) fn all_there(&self, bank: &Bank) {
        assert!(self.refused.is_empty(), "first ask again");
        bank.assert_intact();
        assert_eq!(bank.count_runs(), self.asked);
        let quickest = self.quickest_refusal.unwrap_or_default();
        assert!(quickest < REFUSED_AT_ONCE, "the quickest refusal took {quickest:?}");
        let open = bank.open();
        self.look(&open);
        drop(open);
    }

    fn look(&self, open: &Open<'_>) {
        for run in self.accepted.iter().rev().take(3) {
            let answer = open.try_call("status", "looking", &about(run)).unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.body.contains(run), "{answer:?}");
        }
    }
}

fn order(open: &Open<'_>, number: usize) -> Answer {
    open.try_call("trigger", &format!("order-{number}"), BODY).expect("the server answers")
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("Retry-After").is_some(), "{answer:?}");
}
