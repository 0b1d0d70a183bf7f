//! Futures of the model store are always ready; nothing here needs a runtime.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The result of a future that never waits.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("nothing in the simulation waits for anything"),
    }
}
