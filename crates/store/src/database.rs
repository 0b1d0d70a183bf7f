//! What [`crate::port::Store`] needs of a database: reads, and work in a transaction of its own.

use crate::port::{CommitError, Group, Outcome, StoreError, Verified};
use crate::session::{Stored, Work};
use crate::values::Value;
use crate::work::Apply;

/// A database. Cheap to clone.
pub(crate) trait Database: Clone + Send + Sync + 'static {
    /// The first row, if there is one.
    fn find<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Option<T>, StoreError>> + Send;

    /// All rows.
    fn list<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send;

    /// Runs the work in one transaction and makes it durable. It goes on to its end even if nobody waits for it any more: a
    /// caller who gives up cannot cut a transaction short.
    fn write<W: Work>(&self, work: W) -> impl Future<Output = Result<W::Done, CommitError>> + Send;

    /// Makes the group durable. The same holds for it.
    fn commit(
        &self,
        group: Group,
    ) -> impl Future<Output = Result<Vec<Outcome>, CommitError>> + Send {
        self.write(Apply(group))
    }

    /// Whether it can be written to, as far as can be said without doing so.
    fn usable(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Checks everything.
    fn verify(&self) -> impl Future<Output = Result<Verified, StoreError>> + Send;

    /// Finishes what is under way and closes all connections.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
