//! How many requests are worked on at once.

use super::limits::IN_FLIGHT_MAX;
use crate::problem::Problem;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Refuses requests beyond the number that is worked on at once.
#[derive(Clone)]
pub(super) struct Load(Arc<Semaphore>);

impl Load {
    /// With the usual number of places.
    pub(super) fn new() -> Self {
        Self::of(IN_FLIGHT_MAX)
    }

    pub(super) fn of(in_flight_max: usize) -> Self {
        Self(Arc::new(Semaphore::new(in_flight_max)))
    }

    /// A place for one request, if there is one left.
    pub(super) fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.0.try_acquire().ok()
    }

    /// The router, whose requests need a place.
    pub(super) fn bound<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.layer(from_fn_with_state(self.clone(), shed))
    }
}

async fn shed(State(load): State<Load>, request: Request, next: Next) -> Response {
    match load.enter() {
        Some(_place) => next.run(request).await,
        None => Problem::overloaded().into_response(),
    }
}
