//! Nodes: the state of one task or member in a run.

use crate::columns::number;
use crate::many::Many;
use crate::port::{Group, NodeRow};
use crate::values::{Row, Value};
use dayend_engine::codes::RunKey;
use dayend_engine::time::Timestamp;

/// The new state of a node.
pub(crate) const PUT: &str = "INSERT INTO run_nodes (run, node, partition, owner_epoch, state, generation, attempt, epoch, wake_at, \
    started_at, ended_at, handle, message, files) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
    ON CONFLICT (run, node) DO UPDATE SET partition = excluded.partition, owner_epoch = excluded.owner_epoch, \
    state = excluded.state, generation = excluded.generation, attempt = excluded.attempt, epoch = excluded.epoch, \
    wake_at = excluded.wake_at, started_at = excluded.started_at, ended_at = excluded.ended_at, \
    handle = excluded.handle, message = excluded.message, files = excluded.files";
/// The nodes of a run, in order.
pub(crate) const OF_RUN: &str = "SELECT * FROM run_nodes WHERE run = $1 ORDER BY node";

/// [`PUT`] for many rows.
pub(crate) static PUT_MANY: Many = Many::new(PUT);

/// A node on its way into the store.
#[derive(Clone, Copy)]
pub(crate) struct NewNode<'a> {
    pub(crate) group: &'a Group,
    pub(crate) row: &'a NodeRow,
}

/// The columns of [`PUT`].
impl Row<14> for NewNode<'_> {
    fn values(&self) -> [Value<'_>; 14] {
        let Self { group, row } = self;
        let [node, rest @ ..] = cells(row);
        let [
            state,
            generation,
            attempt,
            epoch,
            wake_at,
            started_at,
            ended_at,
            handle,
            message,
            files,
        ] = rest;
        let (run, partition, owner_epoch) =
            (row.run.0.into(), group.partition.0.into(), group.epoch.0.into());
        #[rustfmt::skip]
        let values =
            [run, node, partition, owner_epoch, state, generation, attempt, epoch, wake_at, started_at, ended_at, handle, message, files];
        values
    }
}

/// The node's number and state alone.
pub(crate) fn cells(row: &NodeRow) -> [Value<'_>; 11] {
    [
        row.node.into(),
        row.state.into(),
        row.generation.into(),
        row.attempt.into(),
        row.epoch.into(),
        row.wake_at.into(),
        row.started_at.into(),
        row.ended_at.into(),
        row.handle.as_deref().into(),
        row.message.as_deref().into(),
        row.files.as_deref().into(),
    ]
}

row!(NodeRow, |row| {
    Ok(Self {
        run: RunKey(row.try_get("run")?),
        node: number(row.try_get("node")?, "node")?,
        state: number(row.try_get("state")?, "state")?,
        generation: number(row.try_get("generation")?, "generation")?,
        attempt: number(row.try_get("attempt")?, "attempt")?,
        epoch: number(row.try_get("epoch")?, "epoch")?,
        wake_at: row.try_get::<Option<i64>>("wake_at")?.map(Timestamp),
        started_at: row.try_get::<Option<i64>>("started_at")?.map(Timestamp),
        ended_at: row.try_get::<Option<i64>>("ended_at")?.map(Timestamp),
        handle: row.try_get("handle")?,
        message: row.try_get("message")?,
        files: row.try_get("files")?,
    })
});
