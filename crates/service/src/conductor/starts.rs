//! Hands attempts to the executor; those that need a connection as soon as it is looked up.

use super::commit::{RETRY_PAUSE, RETRY_PAUSE_MAX};
use super::load::Unfinished;
use super::pending::Begin;
use crate::compiled::Catalogue;
use dayend_engine::codes::{AttemptId, Code, Scope};
use dayend_engine::definition::ConnectionTarget;
use dayend_executor::port::{Attempt, Executor};
use dayend_store::port::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// How often a connection is looked up before its attempt fails for want of it: some seconds.
const LOOKUPS_MAX: u32 = 8;

/// The way from a dispatch that is on disk to the executor.
pub(super) struct Starts {
    executor: Arc<dyn Executor>,
    catalogue: Arc<Catalogue>,
    lookups: JoinSet<Found>,
    /// Attempts whose connection is being looked up, and whether they are to be stopped already.
    pending: BTreeMap<AttemptId, bool>,
}

/// An attempt with its connection.
pub(super) struct Found {
    attempt: Attempt,
    adopted: bool,
}

impl Starts {
    pub(super) fn new(executor: Arc<dyn Executor>, catalogue: Arc<Catalogue>) -> Self {
        Self { executor, catalogue, lookups: JoinSet::new(), pending: BTreeMap::new() }
    }

    /// Starts an attempt.
    pub(super) fn start(&mut self, begin: Begin) {
        self.enter(begin, false);
    }

    /// Adopts an attempt of an earlier server.
    pub(super) fn adopt(&mut self, unfinished: Unfinished) {
        let id = unfinished.begin.attempt.id;
        self.enter(unfinished.begin, true);
        if unfinished.stopping {
            self.stop(id);
        }
    }

    /// Stops an attempt, be it only on its way to the executor.
    pub(super) fn stop(&mut self, id: AttemptId) {
        match self.pending.get_mut(&id) {
            Some(stop) => *stop = true,
            None => self.executor.stop(id),
        }
    }

    /// The next attempt whose connection was looked up; never, if there is none.
    pub(super) async fn found(&mut self) -> Found {
        loop {
            match self.lookups.join_next().await {
                Some(Ok(found)) => return found,
                Some(Err(error)) => tracing::error!("a connection was not looked up: {error}"),
                None => return std::future::pending().await,
            }
        }
    }

    /// Hands the attempt over.
    pub(super) fn hand_over(&mut self, found: Found) {
        let id = found.attempt.id;
        if found.adopted {
            self.executor.adopt(found.attempt);
        } else {
            self.executor.start(found.attempt);
        }
        if self.pending.remove(&id) == Some(true) {
            self.executor.stop(id);
        }
    }

    fn enter(&mut self, begin: Begin, adopted: bool) {
        let Begin { attempt, connection } = begin;
        let Some((scope, code)) = connection else {
            return self.hand_over(Found { attempt, adopted });
        };
        self.pending.insert(attempt.id, false);
        let catalogue = Arc::clone(&self.catalogue);
        self.lookups.spawn(async move {
            let connection = Some(look_up(&catalogue, &scope, &code).await);
            Found { attempt: Attempt { connection, ..attempt }, adopted }
        });
    }
}

/// The connection, or why there is none. A store that cannot answer now is asked again.
async fn look_up(
    catalogue: &Catalogue,
    scope: &Scope,
    code: &Code,
) -> Result<Arc<ConnectionTarget>, String> {
    let mut pause = RETRY_PAUSE;
    for _ in 1..LOOKUPS_MAX {
        match catalogue.connection(scope, code).await {
            Ok(found) => return found,
            Err(StoreError::Unavailable(problem)) => {
                tracing::warn!("connection `{code}` cannot be looked up yet: {problem}");
            }
            Err(error) => return Err(error.to_string()),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_PAUSE_MAX);
    }
    catalogue.connection(scope, code).await.unwrap_or_else(|error| Err(error.to_string()))
}
