//! The two ends of the queue before the conductor.

use super::QueueLimits;
use super::fair::{Fair, Full};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Why a request was not taken in; nothing of it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("too many requests of this tenant wait already")]
    TenantFull,
    #[error("too many requests wait already")]
    Full,
    #[error("the server is stopping")]
    Closed,
}

/// Makes both ends.
pub(crate) fn intake<T>(limits: QueueLimits) -> (Intake<T>, Outlet<T>) {
    let state = State { queue: Fair::new(limits), closed: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), filled: Notify::new() });
    (Intake(Arc::clone(&shared)), Outlet(shared))
}

/// Where requests are let in, by anybody and at once.
pub(crate) struct Intake<T>(Arc<Shared<T>>);

/// Where requests are taken out, by one.
pub(crate) struct Outlet<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    /// Told when something comes into an empty queue, and when it is closed.
    filled: Notify,
}

struct State<T> {
    queue: Fair<T>,
    closed: bool,
}

impl<T> Intake<T> {
    /// Lets something in, or says at once why not. What had to give way to it is dropped.
    pub(crate) fn offer(&self, lane: &str, places: usize, item: T) -> Result<(), NotTaken> {
        let displaced = {
            let mut state = self.0.state();
            if state.closed {
                return Err(NotTaken::Closed);
            }
            let was_empty = state.queue.is_empty();
            let displaced = state.queue.push(lane, places, item).map_err(|full| match full {
                Full::Lane => NotTaken::TenantFull,
                Full::Queue => NotTaken::Full,
            })?;
            if was_empty {
                self.0.filled.notify_one();
            }
            displaced
        };
        // Not under the lock: whoever waits for them is woken.
        drop(displaced);
        Ok(())
    }

    /// Whether nothing is taken in any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.state().closed
    }
}

impl<T> Outlet<T> {
    /// The next in turn, as soon as there is one; none when the queue is closed and empty.
    pub(crate) async fn recv(&mut self) -> Option<T> {
        loop {
            {
                let mut state = self.0.state();
                let next = state.queue.pop();
                if next.is_some() || state.closed {
                    return next;
                }
            }
            self.0.filled.notified().await;
        }
    }

    /// The next in turn, if there is one.
    pub(crate) fn try_recv(&mut self) -> Option<T> {
        self.0.state().queue.pop()
    }

    /// Lets nothing more in; what waits can still be taken out.
    pub(crate) fn close(&mut self) {
        self.0.state().closed = true;
        self.0.filled.notify_one();
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        self.close();
        // Whoever waits for an answer learns that there will be none.
        while let Some(item) = self.try_recv() {
            drop(item);
        }
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    const LIMITS: QueueLimits = QueueLimits { total: 4, per_tenant: 3 };

    #[tokio::test]
    async fn every_reason_not_to_be_let_in_is_told_apart() {
        let (intake, mut outlet) = intake(LIMITS);
        for number in 1..=3 {
            intake.offer("a", 1, number).unwrap();
        }
        assert_eq!(intake.offer("a", 1, 4), Err(NotTaken::TenantFull));
        intake.offer("b", 1, 5).unwrap();
        intake.offer("b", 1, 6).unwrap();
        assert_eq!(intake.offer("b", 1, 7), Err(NotTaken::Full));
        outlet.close();
        assert_eq!(intake.offer("c", 1, 8), Err(NotTaken::Closed));
        let mut left = Vec::new();
        while let Some(item) = outlet.recv().await {
            left.push(item);
        }
        assert_eq!(left, [1, 5, 2, 6]);
    }

    #[tokio::test]
    async fn who_had_to_give_way_learns_it_at_once() {
        let (intake, _outlet) = intake(LIMITS);
        let (last, told) = oneshot::channel::<()>();
        for reply in [oneshot::channel().0, oneshot::channel().0, last] {
            intake.offer("a", 1, reply).unwrap();
        }
        for lane in ["b", "c"] {
            intake.offer(lane, 1, oneshot::channel().0).unwrap();
        }
        timeout(Duration::from_secs(20), told).await.unwrap().unwrap_err();
    }

    #[tokio::test]
    async fn who_waits_for_something_is_woken_also_after_looking_elsewhere() {
        let (intake, mut outlet) = intake(LIMITS);
        for number in 0..100 {
            // A wait that is given up must not swallow the next wake-up.
            tokio::select! {
                biased;
                item = outlet.recv() => panic!("nothing was let in, but {item} came out", item = item.unwrap_or(0)),
                () = tokio::task::yield_now() => {}
            }
            let (took, ()) = tokio::join!(outlet.recv(), async {
                tokio::task::yield_now().await;
                intake.offer("a", 1, number).unwrap();
            });
            assert_eq!(took, Some(number));
        }
    }

    #[tokio::test]
    async fn an_end_that_is_gone_leaves_nobody_waiting() {
        let (intake, outlet) = intake(LIMITS);
        let (reply, told) = oneshot::channel::<()>();
        intake.offer("a", 1, reply).unwrap();
        drop(outlet);
        told.await.unwrap_err();
        assert!(intake.is_closed());
        assert_eq!(intake.offer("a", 1, oneshot::channel().0), Err(NotTaken::Closed));
    }
}
