//! The attempts that this process looks after, and the promise that each ends exactly once.

use crate::port::{Fact, FileNote, Outcome, Report, Reports};
use dayend_engine::codes::AttemptId;
use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What an attempt's task is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    GoOn,
    /// Make it end, then report.
    Stop,
    /// It is not this process's any more: let go without touching what runs elsewhere.
    Leave,
}

/// What becomes of an attempt when the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Waits for a free slot, in this process only.
    Queued,
    /// Runs in this process and dies with it.
    InProcess,
    /// Goes on without this process; the next one adopts it.
    Outside,
}

/// An attempt's ear for orders.
#[derive(Clone, Debug)]
pub(crate) struct Orders(watch::Receiver<Order>);

impl Orders {
    /// Resolves when the attempt is to stop or to be left.
    pub(crate) async fn changed(&mut self) -> Order {
        match self.0.wait_for(|order| *order != Order::GoOn).await {
            Ok(order) => *order,
            // The entry is gone: somebody else ended the attempt.
            Err(_) => Order::Leave,
        }
    }
}

struct Entry {
    orders: watch::Sender<Order>,
    /// Held while reporting, so that an attempt's facts leave in order.
    state: Mutex<EntryState>,
}

struct EntryState {
    phase: Phase,
    ended: bool,
}

/// All attempts of this process.
pub(crate) struct Live {
    entries: Mutex<HashMap<AttemptId, Arc<Entry>>>,
    reports: Arc<dyn Reports>,
    now: fn() -> Timestamp,
    in_process: watch::Sender<usize>,
}

impl Live {
    pub(crate) fn new(reports: Arc<dyn Reports>, now: fn() -> Timestamp) -> Self {
        Self { entries: Mutex::default(), reports, now, in_process: watch::Sender::new(0) }
    }

    /// Begins to look after an attempt; none if that is done already.
    pub(crate) fn enter(&self, id: AttemptId, phase: Phase) -> Option<Orders> {
        let (orders, ear) = watch::channel(Order::GoOn);
        let entry =
            Arc::new(Entry { orders, state: Mutex::new(EntryState { phase, ended: false }) });
        match locked(&self.entries).entry(id) {
            std::collections::hash_map::Entry::Occupied(_) => return None,
            std::collections::hash_map::Entry::Vacant(place) => place.insert(entry),
        };
        self.count(None, Some(phase));
        Some(Orders(ear))
    }

    pub(crate) fn is_live(&self, id: AttemptId) -> bool {
        locked(&self.entries).contains_key(&id)
    }

    /// Says where the attempt is now.
    pub(crate) fn set_phase(&self, id: AttemptId, phase: Phase) {
        self.while_live(id, |state| {
            self.count(Some(state.phase), Some(phase));
            state.phase = phase;
        });
    }

    /// Tells the attempt's task to stop; unknown ids are ignored.
    pub(crate) fn stop(&self, id: AttemptId) {
        if let Some(entry) = self.entry(id) {
            entry.orders.send_if_modified(|order| {
                let first = *order == Order::GoOn;
                if first {
                    *order = Order::Stop;
                }
                first
            });
        }
    }

    pub(crate) fn started(&self, id: AttemptId, at: Timestamp) {
        self.while_live(id, |_| self.reports.report(Report { id, at, fact: Fact::Started }));
    }

    pub(crate) fn accepted(&self, id: AttemptId, handle: String) {
        self.while_live(id, |_| self.report(id, Fact::Accepted { handle }));
    }

    /// Tells of the files that the attempt had to do with, if there are any.
    pub(crate) fn files(&self, id: AttemptId, files: Vec<FileNote>) {
        if !files.is_empty() {
            self.while_live(id, |_| self.report(id, Fact::Files { files }));
        }
    }

    /// Reports the end now, unless somebody did before. True if this was the one.
    pub(crate) fn ended(&self, id: AttemptId, outcome: Outcome, message: &str) -> bool {
        self.ended_at(id, (self.now)(), outcome, message)
    }

    /// Reports the end now, unless somebody did before.
    pub(crate) fn end(&self, id: AttemptId, outcome: Outcome, message: &str) {
        self.ended(id, outcome, message);
    }

    /// Reports an end that was at `at`, unless somebody did before. True if this was the one.
    pub(crate) fn ended_at(
        &self,
        id: AttemptId,
        at: Timestamp,
        outcome: Outcome,
        message: &str,
    ) -> bool {
        let message = crate::message::shown(message);
        self.remove(id, || {
            self.reports.report(Report { id, at, fact: Fact::Ended { outcome, message } });
        })
    }

    /// Lets go of the attempts of a phase: nothing is reported of them any more.
    pub(crate) fn leave(&self, phase: Phase) {
        for id in self.ids() {
            if self.phase(id) == Some(phase) {
                self.remove(id, || ());
            }
        }
    }

    /// Ends whatever there still is.
    pub(crate) fn lose_all(&self, message: &str) {
        for id in self.ids() {
            self.stop(id);
            self.end(id, Outcome::Lost, message);
        }
    }

    /// Resolves when nothing runs in this process.
    pub(crate) async fn drained(&self) {
        // The sender lives as long as `self`.
        let _ = self.in_process.subscribe().wait_for(|count| *count == 0).await;
    }

    fn report(&self, id: AttemptId, fact: Fact) {
        self.reports.report(Report { id, at: (self.now)(), fact });
    }

    /// Forgets the attempt, then does the last thing for it. False: somebody else did.
    fn remove(&self, id: AttemptId, last: impl FnOnce()) -> bool {
        let Some(entry) = self.entry(id) else { return false };
        let mut state = locked(&entry.state);
        if std::mem::replace(&mut state.ended, true) {
            return false;
        }
        locked(&self.entries).remove(&id);
        last();
        self.count(Some(state.phase), None);
        entry
            .orders
            .send_if_modified(|order| std::mem::replace(order, Order::Leave) == Order::GoOn);
        true
    }

    fn while_live(&self, id: AttemptId, then: impl FnOnce(&mut EntryState)) {
        if let Some(entry) = self.entry(id) {
            let mut state = locked(&entry.state);
            if !state.ended {
                then(&mut state);
            }
        }
    }

    fn phase(&self, id: AttemptId) -> Option<Phase> {
        self.entry(id).map(|entry| locked(&entry.state).phase)
    }

    fn ids(&self) -> Vec<AttemptId> {
        locked(&self.entries).keys().copied().collect()
    }

    fn entry(&self, id: AttemptId) -> Option<Arc<Entry>> {
        locked(&self.entries).get(&id).cloned()
    }

    fn count(&self, from: Option<Phase>, to: Option<Phase>) {
        let (from, to) = (from == Some(Phase::InProcess), to == Some(Phase::InProcess));
        if from != to {
            self.in_process.send_modify(|count| {
                *count = if to { *count + 1 } else { count.saturating_sub(1) }
            });
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Live")
            .field("attempts", &locked(&self.entries).len())
            .finish_non_exhaustive()
    }
}

/// A panic elsewhere leaves the map as good as it was.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
