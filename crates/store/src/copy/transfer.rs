//! The one transaction in which everything is written.

use crate::copy::cells::Cells;
use crate::copy::digest::{TableDigest, digests, same};
use crate::copy::source::Source;
use crate::copy::tables::{self, FORGET_PARTITIONS, Table, shapes};
use crate::port::StoreError;
use crate::session::{Session, Work};
use futures_util::TryStreamExt as _;
use tokio::sync::Mutex;

/// The most rows that wait to be written.
const ROWS_MAX: usize = 512;
/// About how much memory they may take.
const ROWS_MAX_BYTES: usize = 4 << 20;

/// Writes all rows of a source into a database that holds none, and compares the two before it is done: what differs is
/// taken back as a whole.
pub(super) struct Transfer<R>(pub(super) Mutex<R>);

impl<R: Source> Work for Transfer<R> {
    type Done = Vec<TableDigest>;

    async fn run<S: Session>(&self, target: &mut S) -> Result<Vec<TableDigest>, StoreError> {
        let mut source = self.0.lock().await;
        // A fresh schema has a row for the first partition.
        target.execute(FORGET_PARTITIONS, &[]).await?;
        copy_all(&mut *source, target).await?;
        let (from, to) =
            (digests(&mut *source, &shapes()).await?, digests(target, &shapes()).await?);
        same(&from, &to).map(|()| to)
    }
}

/// Parents before the rows that refer to them.
async fn copy_all(source: &mut impl Source, target: &mut impl Session) -> Result<(), StoreError> {
    copy(source, target, &tables::PARTITIONS).await?;
    copy(source, target, &tables::COMMITS).await?;
    copy(source, target, &tables::DEFINITIONS).await?;
    copy(source, target, &tables::RUNS).await?;
    copy(source, target, &tables::RUN_STATES).await?;
    copy(source, target, &tables::RUN_NODES).await?;
    copy(source, target, &tables::HISTORY).await?;
    copy(source, target, &tables::CLAIMS).await?;
    copy(source, target, &tables::SCOPES).await?;
    copy(source, target, &tables::USERS).await?;
    copy(source, target, &tables::APPS).await?;
    copy(source, target, &tables::GRANTS).await?;
    copy(source, target, &tables::REFRESH_TOKENS).await
}

async fn copy<const N: usize>(
    source: &mut impl Source,
    target: &mut impl Session,
    table: &Table<N>,
) -> Result<(), StoreError> {
    let mut rows = source.rows(table.read);
    let (mut waiting, mut bytes) = (Vec::with_capacity(ROWS_MAX), 0);
    while let Some(row) = rows.try_next().await? {
        bytes += row.size_bytes();
        waiting.push(row.of(table.name, &table.kinds)?);
        if waiting.len() >= ROWS_MAX || bytes >= ROWS_MAX_BYTES {
            target.execute_many::<Cells, N>(&table.write, &waiting).await?;
            waiting.clear();
            bytes = 0;
        }
    }
    target.execute_many::<Cells, N>(&table.write, &waiting).await
}
