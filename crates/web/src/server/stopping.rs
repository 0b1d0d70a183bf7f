//! The server is about to stop: what waits must answer now.

use tokio::sync::watch;

/// Tells handlers that wait. An extension of every request.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    pub(crate) fn new(stop: &watch::Sender<bool>) -> Self {
        Self(stop.subscribe())
    }

    /// Returns when the server begins to stop.
    pub(crate) async fn begins(mut self) {
        // A sender that is gone means the server is gone.
        let _ended = self.0.wait_for(|stopping| *stopping).await;
    }
}
