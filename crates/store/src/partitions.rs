//! Partitions: who owns them, and where their hash chain ends.

use crate::columns::{hash, number};
use crate::fingerprint::CHAIN_START;
use crate::port::{GroupId, OwnerEpoch, Partition, Takeover, VersionKey};
use dayend_engine::codes::RunKey;

/// The owner and the end of the chain.
pub(crate) const FIND: &str = "SELECT * FROM partitions WHERE partition = $1";
/// All partitions.
pub(crate) const ALL: &str = "SELECT * FROM partitions ORDER BY partition";
/// A new owner.
pub(crate) const TAKE_OVER: &str = "INSERT INTO partitions (partition, epoch, head_seq, head_hash, last_group, last_created_ms, settled) \
    VALUES ($1, 1, 0, '', 0, 0, 0) ON CONFLICT (partition) DO UPDATE SET epoch = partitions.epoch + 1";
/// What a new owner must know.
pub(crate) const TAKEOVER: &str = "SELECT partition, epoch, \
    (SELECT COALESCE(MAX(key), 0) FROM runs) AS last_run, \
    (SELECT COALESCE(MAX(key), 0) FROM definitions) AS last_version, \
    (SELECT MAX(last_group) FROM partitions) AS last_group, \
    (SELECT MAX(last_created_ms) FROM partitions) AS last_created_ms \
    FROM partitions WHERE partition = $1";
/// Moves the end of the chain.
pub(crate) const ADVANCE: &str = "UPDATE partitions SET head_seq = $2, head_hash = $3, \
    last_group = CASE WHEN last_group < $4 THEN $4 ELSE last_group END, \
    last_created_ms = CASE WHEN last_created_ms < $5 THEN $5 ELSE last_created_ms END WHERE partition = $1";
/// A write with no meaning of its own: once it is durable, an earlier commit that failed cannot come back after a crash.
pub(crate) const SETTLE: &str = "UPDATE partitions SET settled = settled + 1";

/// How many groups an owner may commit: the ids of each owner begin behind this many times its epoch. So a commit of an
/// earlier owner that nobody heard of again can never be taken for one of its successor.
const GROUPS_OF_OWNER: i64 = 1 << 40;

/// A partition as stored.
#[derive(Clone, Debug)]
pub(crate) struct PartitionRow {
    pub(crate) partition: Partition,
    pub(crate) epoch: OwnerEpoch,
    pub(crate) head: ChainHead,
}

/// The end of a hash chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainHead {
    pub(crate) seq: i64,
    pub(crate) hash: [u8; 32],
}

impl ChainHead {
    /// Before the first record.
    pub(crate) const START: Self = Self { seq: 0, hash: CHAIN_START };
}

row!(PartitionRow, |row| {
    let stored: Vec<u8> = row.try_get("head_hash")?;
    let seq = row.try_get("head_seq")?;
    // A chain that was never written to has no hash yet.
    let hash =
        if seq == 0 && stored.is_empty() { CHAIN_START } else { hash(&stored, "head_hash")? };
    Ok(Self {
        partition: Partition(number(row.try_get("partition")?, "partition")?),
        epoch: OwnerEpoch(row.try_get("epoch")?),
        head: ChainHead { seq, hash },
    })
});

row!(Takeover, |row| {
    let epoch = row.try_get("epoch")?;
    let before = GROUPS_OF_OWNER.saturating_mul(epoch);
    let last_group: i64 = row.try_get("last_group")?;
    Ok(Self {
        partition: Partition(number(row.try_get("partition")?, "partition")?),
        epoch: OwnerEpoch(epoch),
        last_run: RunKey(row.try_get("last_run")?),
        last_version: VersionKey(row.try_get("last_version")?),
        last_group: GroupId(last_group.max(before)),
        last_created_ms: row.try_get("last_created_ms")?,
    })
});
