//! The one transaction in which everything is written.

use crate::copy::cells::Cells;
use crate::copy::digest::{TableDigest, digests, same};
use crate::copy::source::{Feed, Piece, Source};
use crate::copy::tables::{self, FORGET_PARTITIONS, Table, shapes};
use crate::port::StoreError;
use crate::session::{Session, Work};
use tokio::runtime::Handle;

/// Writes all rows of a source into a database that holds none, and compares the two before it is done: what differs is
/// taken back as a whole.
pub(super) struct Transfer {
    pub(super) source: Source,
    pub(super) runtime: Handle,
    /// The writer is a thread of its own, which waits by standing still.
    pub(super) on_a_thread: bool,
}

impl Work for Transfer {
    type Done = Vec<TableDigest>;

    async fn run<S: Session>(&self, target: &mut S) -> Result<Vec<TableDigest>, StoreError> {
        // A fresh schema has a row for the first partition.
        target.execute(FORGET_PARTITIONS, &[]).await?;
        let from = self.copy_all(target).await?;
        let to = digests(target, &shapes()).await?;
        same(&from, &to).map(|()| to)
    }
}

impl Transfer {
    /// Parents before the rows that refer to them; answers with what was read.
    async fn copy_all(&self, target: &mut impl Session) -> Result<Vec<TableDigest>, StoreError> {
        Ok(vec![
            self.copy(target, &tables::PARTITIONS).await?,
            self.copy(target, &tables::COMMITS).await?,
            self.copy(target, &tables::DEFINITIONS).await?,
            self.copy(target, &tables::DEFINITION_PARTS).await?,
            self.copy(target, &tables::RUNS).await?,
            self.copy(target, &tables::RUN_STATES).await?,
            self.copy(target, &tables::RUN_NODES).await?,
            self.copy(target, &tables::HISTORY).await?,
            self.copy(target, &tables::CLAIMS).await?,
            self.copy(target, &tables::SCOPES).await?,
            self.copy(target, &tables::USERS).await?,
            self.copy(target, &tables::APPS).await?,
            self.copy(target, &tables::GRANTS).await?,
            self.copy(target, &tables::REFRESH_TOKENS).await?,
            self.copy(target, &tables::DOCUMENTS).await?,
        ])
    }

    async fn copy<const N: usize>(
        &self,
        target: &mut impl Session,
        table: &'static Table<N>,
    ) -> Result<TableDigest, StoreError> {
        let mut feed = self.source.feed(&self.runtime, table.shape());
        let mut digest = TableDigest::of_none(table.name);
        loop {
            match self.next(&mut feed).await? {
                Piece::Rows(rows) => {
                    for row in &rows {
                        digest.add(row);
                    }
                    target.execute_many::<Cells, N>(&table.write, &rows).await?;
                }
                Piece::End => return Ok(digest),
            }
        }
    }

    async fn next(&self, feed: &mut Feed) -> Result<Piece, StoreError> {
        let next = if self.on_a_thread { feed.blocking_recv() } else { feed.recv().await };
        next.unwrap_or_else(|| Err(StoreError::Unavailable("reading was cut short".to_owned())))
    }
}
