//! A limited number of places. When none is free, tenants get the next ones in turn.

use crate::slots::turns::{Ticket, Turns};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The places; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct FairSlots(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limit: usize,
    /// May exceed the limit, see [`FairSlots::take_anyway`].
    taken: usize,
    turns: Turns<oneshot::Sender<Slot>>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Slot(Option<FairSlots>);

impl FairSlots {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(State { limit, taken: 0, turns: Turns::default() })))
    }

    /// Waits for a place. Whoever drops the future waits no more and loses nothing.
    pub(crate) async fn acquire(&self, tenant: &Arc<str>) -> Slot {
        let (give, get) = oneshot::channel();
        let ticket = {
            let mut state = self.locked();
            if state.taken < state.limit {
                state.taken += 1;
                return self.slot();
            }
            state.turns.push(tenant, give)
        };
        let _waiting = Waiting { slots: self, tenant, ticket };
        // The sender leaves the queue only to give the place, or with the waiter.
        get.await.unwrap_or(Slot(None))
    }

    /// Takes a place for what runs already: if none is free, the next one that becomes free is not given away.
    pub(crate) fn take_anyway(&self) -> Slot {
        self.locked().taken += 1;
        self.slot()
    }

    fn slot(&self) -> Slot {
        Slot(Some(self.clone()))
    }

    /// Gives a place that became free to whoever is next.
    fn release(&self) {
        loop {
            let next = {
                let mut state = self.locked();
                let next = if state.taken <= state.limit { state.turns.pop() } else { None };
                if next.is_none() {
                    state.taken = state.taken.saturating_sub(1);
                }
                next
            };
            match next.map(|waiter| waiter.send(self.slot())) {
                None | Some(Ok(())) => return,
                // The waiter is about to leave: the place goes on to the next one.
                Some(Err(mut refused)) => refused.0 = None,
            }
        }
    }

    /// A panic elsewhere leaves the queue as good as it was.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.0.take() {
            slots.release();
        }
    }
}

/// Takes its ticket along when it goes.
struct Waiting<'a> {
    slots: &'a FairSlots,
    tenant: &'a Arc<str>,
    ticket: Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.slots.locked().turns.remove(self.tenant, self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;

    #[tokio::test]
    async fn a_tenant_with_a_long_queue_does_not_keep_another_one_waiting() {
        let slots = FairSlots::new(1);
        let (large, small): (Arc<str>, Arc<str>) = ("large".into(), "small".into());
        let first = slots.acquire(&large).await;
        let mut queue: Vec<_> = (0..1000)
            .map(|_| {
                let mut turn = Box::pin(slots.acquire(&large));
                assert!(turn.as_mut().now_or_never().is_none());
                turn
            })
            .collect();
        let mut late = pin!(slots.acquire(&small));
        assert!(late.as_mut().now_or_never().is_none());
        drop(first);
        let second = queue.remove(0).now_or_never().expect("who waited before has the first turn");
        drop(second);
        assert!(late.now_or_never().is_some(), "the other tenant has the second one");
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_leaves_neither_a_gap_nor_a_lost_place() {
        let slots = FairSlots::new(1);
        let tenant: Arc<str> = "a".into();
        let taken = slots.acquire(&tenant).await;
        let mut told = Box::pin(slots.acquire(&tenant));
        let mut gone = Box::pin(slots.acquire(&tenant));
        let mut stays = Box::pin(slots.acquire(&tenant));
        for turn in [&mut told, &mut gone, &mut stays] {
            assert!(turn.as_mut().now_or_never().is_none());
        }
        drop(gone);
        drop(taken);
        // It has the place already but never learns of it.
        drop(told);
        let last = stays.now_or_never().expect("the place went on");
        assert!(slots.acquire(&tenant).now_or_never().is_none());
        drop(last);
        assert!(slots.acquire(&tenant).now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_runs_already_counts_although_there_is_no_room_for_it() {
        let slots = FairSlots::new(2);
        let tenant: Arc<str> = "a".into();
        let mut running: Vec<_> = (0..4).map(|_| slots.take_anyway()).collect();
        let mut next = pin!(slots.acquire(&tenant));
        for _ in 0..2 {
            assert!(next.as_mut().now_or_never().is_none());
            running.pop();
        }
        assert!(next.as_mut().now_or_never().is_none(), "two still run");
        running.pop();
        assert!(next.now_or_never().is_some());
    }
}
