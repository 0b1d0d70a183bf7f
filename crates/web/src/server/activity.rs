//! What a connection is doing, and how long it may go on doing so.

use super::limits::Limits;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What a connection that is told to close has for it.
const CLOSING: Duration = Duration::from_secs(2);

/// When a connection has had its time.
pub(super) struct Activity {
    state: Mutex<State>,
    limits: Limits,
}

struct State {
    /// Requests that are not answered to the end.
    open: usize,
    /// A request has begun to arrive.
    arriving: bool,
    /// With nothing open: the connection ends then.
    idle_until: Instant,
    /// Whatever is open: no new requests from then on.
    old_at: Instant,
}

/// One request and its answer; its end is the drop.
pub(super) struct Exchange(Arc<Activity>);

impl Activity {
    /// Begins with a connection.
    pub(super) fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let idle_until = now + limits.first_request;
        let state = State { open: 0, arriving: false, idle_until, old_at: now + limits.age };
        Self { state: Mutex::new(state), limits }
    }

    /// The TLS handshake is over: what has arrived until now was no request.
    pub(super) fn shaken(&self) {
        let idle_until = Instant::now() + self.limits.first_request;
        self.change(|state| {
            state.arriving = false;
            state.idle_until = idle_until;
        });
    }

    /// Something arrived.
    pub(super) fn received(&self) {
        self.change(|state| state.arriving = state.open == 0);
    }

    /// Whether the head of a request has begun to arrive and has not ended.
    pub(super) fn is_in_head(&self) -> bool {
        self.change(|state| state.arriving && state.open == 0)
    }

    /// A request has arrived.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        self.change(|state| {
            state.open += 1;
            state.arriving = false;
        });
        Exchange(Arc::clone(self))
    }

    /// Returns when nothing was asked for too long, or at the end of the connection's life.
    pub(super) async fn runs_out(&self) {
        loop {
            let now = Instant::now();
            let next_look = self.change(|state| {
                // What arrives has a time of its own.
                let busy = state.open > 0 || state.arriving;
                let idle_until = if busy { now + self.limits.idle } else { state.idle_until };
                idle_until.min(state.old_at)
            });
            if next_look <= now {
                return;
            }
            sleep_until(next_look).await;
        }
    }

    /// Returns when a connection that was told to close is not worth waiting for: nothing open, or `drain`'s end,
    /// which the listener sees to when the server stops.
    pub(super) async fn closed(&self) {
        loop {
            sleep_until(Instant::now() + CLOSING).await;
            if self.change(|state| state.open == 0) {
                return;
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let idle = self.0.limits.idle;
        self.0.change(|state| {
            state.open -= 1;
            state.idle_until = Instant::now() + idle;
        });
    }
}
