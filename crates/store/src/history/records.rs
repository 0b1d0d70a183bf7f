//! History records.

use crate::columns::{hash, number};
use crate::fingerprint::chained;
use crate::many::Many;
use crate::partitions::ChainHead;
use crate::port::{HistoryRecord, HistoryRow, Partition};
use crate::values::{Row, Value, and};
use dayend_engine::codes::RunKey;
use dayend_engine::time::Timestamp;

pub(crate) const INSERT: &str = "INSERT INTO history (partition, seq, owner_epoch, run, at, actor, event, detail, hash) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(crate) const AFTER: &str =
    "SELECT * FROM history WHERE partition = $1 AND seq > $2 ORDER BY seq LIMIT $3";
pub(crate) const OF_RUN_AFTER: &str =
    "SELECT * FROM history WHERE run = $1 AND partition = $2 AND seq > $3 ORDER BY seq LIMIT $4";
/// The whole history, chain by chain.
pub(crate) const ALL: &str = "SELECT * FROM history ORDER BY partition, seq";
/// The whole history of a run.
pub(crate) const OF_RUN: &str = "SELECT * FROM history WHERE run = $1 ORDER BY seq";

/// [`INSERT`] for many rows.
pub(crate) static INSERT_MANY: Many = Many::new(INSERT);

/// A record with its place in the chain.
pub(crate) struct Link<'a> {
    place: Place,
    record: &'a HistoryRecord,
    hash: [u8; 32],
}

/// Where a record stands.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) partition: i32,
    pub(crate) seq: i64,
    pub(crate) owner_epoch: i64,
}

impl<'a> Link<'a> {
    /// The record as the one that follows `head`.
    pub(crate) fn after(
        head: &ChainHead,
        partition: Partition,
        owner_epoch: i64,
        record: &'a HistoryRecord,
    ) -> Self {
        let place = Place { partition: partition.0, seq: head.seq.saturating_add(1), owner_epoch };
        Self { place, record, hash: linked(&head.hash, place, record) }
    }

    /// The end of the chain after this record.
    pub(crate) fn head(&self) -> ChainHead {
        ChainHead { seq: self.place.seq, hash: self.hash }
    }
}

/// The columns of [`INSERT`].
impl Row<9> for Link<'_> {
    fn values(&self) -> [Value<'_>; 9] {
        and(cells(self.place, self.record), &self.hash)
    }
}

/// The hash of a record at its place.
pub(crate) fn linked(previous: &[u8; 32], place: Place, record: &HistoryRecord) -> [u8; 32] {
    chained(previous, &cells(place, record))
}

fn cells(place: Place, record: &HistoryRecord) -> [Value<'_>; 8] {
    [
        place.partition.into(),
        place.seq.into(),
        place.owner_epoch.into(),
        record.run.map(|key| key.0).into(),
        record.at.into(),
        record.actor.as_str().into(),
        record.event.as_str().into(),
        record.detail.as_str().into(),
    ]
}

/// A record with the owner who wrote it.
pub(crate) struct StoredRecord {
    pub(crate) row: HistoryRow,
    pub(crate) owner_epoch: i64,
}

impl StoredRecord {
    /// Where the record says it stands.
    pub(crate) fn place(&self) -> Place {
        Place { partition: self.row.partition.0, seq: self.row.seq, owner_epoch: self.owner_epoch }
    }
}

row!(StoredRecord, |row| Ok(Self { row: row.whole()?, owner_epoch: row.try_get("owner_epoch")? }));

row!(HistoryRow, |row| {
    Ok(Self {
        partition: Partition(number(row.try_get("partition")?, "partition")?),
        seq: row.try_get("seq")?,
        record: HistoryRecord {
            run: row.try_get::<Option<i64>>("run")?.map(RunKey),
            at: Timestamp(row.try_get("at")?),
            actor: row.try_get("actor")?,
            event: row.try_get("event")?,
            detail: row.try_get("detail")?,
        },
        hash: hash(row.try_get("hash")?, "hash")?,
    })
});
