//! The small writes beside the groups.

use crate::port::{Partition, ScopeRow, StoreError, Takeover};
use crate::session::{Session, Work};
use crate::values::and;
use crate::{fingerprint, partitions, scopes};
use dayend_engine::time::Timestamp;

/// Makes us the owner of a partition.
pub(crate) struct TakeOver(pub(crate) Partition);

impl Work for TakeOver {
    type Done = Takeover;

    async fn run<S: Session>(&self, session: &mut S) -> Result<Takeover, StoreError> {
        let Self(partition) = self;
        session.execute(partitions::TAKE_OVER, &[partition.0.into()]).await?;
        let takeover = session.find(partitions::TAKEOVER, &[partition.0.into()]).await?;
        takeover.ok_or_else(|| {
            StoreError::Inconsistent(format!("partition {} cannot be taken over", partition.0))
        })
    }
}

/// Makes a scope, unless it exists.
pub(crate) struct PutScope(pub(crate) ScopeRow);

impl Work for PutScope {
    type Done = ();

    async fn run<S: Session>(&self, session: &mut S) -> Result<(), StoreError> {
        let values = scopes::values(&self.0);
        let seal = fingerprint::fingerprint(&values);
        session.execute(scopes::PUT, &and::<3, 4>(values, &seal)).await.map(drop)
    }
}

/// Forgets a bounded number of rows, so that commits can go between; answers with the number.
pub(crate) struct Forget {
    pub(crate) sql: &'static str,
    pub(crate) before: Timestamp,
}

impl Work for Forget {
    type Done = u64;

    async fn run<S: Session>(&self, session: &mut S) -> Result<u64, StoreError> {
        session.execute(self.sql, &[self.before.into()]).await
    }
}
