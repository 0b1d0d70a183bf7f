//! A writer for the time when no server runs: each change is a group of its own.

use async_trait::async_trait;
use dayend_service::clock::Clock;
use dayend_store::port::{
    CommitError, Group, GroupId, Outcome, OwnerEpoch, Partition, Store, StoreError, Takeover,
    Write, WriteError, Writer,
};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The partition that a data directory has.
const PARTITION: Partition = Partition(0);

/// Commits one write after the other, as the owner of the only partition.
pub(super) struct DirectWriter {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    epoch: OwnerEpoch,
    last: Mutex<GroupId>,
}

impl DirectWriter {
    /// Becomes the owner of the data directory's partition.
    pub(super) async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let Takeover { epoch, last_group, .. } = store.take_over(PARTITION).await?;
        Ok(Self { store, clock, epoch, last: Mutex::new(last_group) })
    }
}

#[async_trait]
impl Writer for DirectWriter {
    async fn write(&self, write: Write) -> Result<Outcome, WriteError> {
        // Held until the commit is over: groups of one owner follow each other.
        let mut last = self.last.lock().await;
        let id = GroupId(last.0 + 1);
        *last = id;
        let group = Group {
            id,
            partition: PARTITION,
            epoch: self.epoch,
            at: self.clock.now(),
            writes: vec![write],
        };
        match self.store.commit(group).await {
            Ok(outcomes) => first(outcomes),
            Err(CommitError::NotDone(error)) => Err(WriteError(error.to_string())),
            Err(CommitError::Unknown(error)) => match self.store.was_committed(id).await {
                Ok(Some(outcomes)) => first(outcomes),
                Ok(None) => Err(WriteError(error.to_string())),
                Err(again) => {
                    Err(WriteError(format!("it is not known whether it was written: {again}")))
                }
            },
        }
    }
}

/// Of the only write.
fn first(outcomes: Vec<Outcome>) -> Result<Outcome, WriteError> {
    let outcome = outcomes.into_iter().next();
    outcome.ok_or_else(|| WriteError("the store gave no outcome".to_owned()))
}
