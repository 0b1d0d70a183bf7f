//! Runs: what never changes about one (`runs`) and its state (`run_states`).

use crate::columns::{broken, kind, number, parsed, sealed};
use crate::fingerprint::fingerprint;
use crate::many::Many;
use crate::port::{Group, RunRow, RunState, VersionKey};
use crate::values::{Row, Value, and};
use dayend_engine::codes::{RunKey, Scope};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;

/// A new run.
pub(crate) const INSERT: &str = "INSERT INTO runs (key, partition, owner_epoch, run_id, tenant, service, workspace, kind, code, \
    mis_date, version, parent_run, parent_node, rerun_of, params, choices, triggered_by, created_at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
/// The state of a run.
pub(crate) const PUT_STATE: &str = "INSERT INTO run_states (run, partition, owner_epoch, gate, interrupted, generation, status, ended, \
    started_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    ON CONFLICT (run) DO UPDATE SET partition = excluded.partition, owner_epoch = excluded.owner_epoch, gate = excluded.gate, \
    interrupted = excluded.interrupted, generation = excluded.generation, status = excluded.status, ended = excluded.ended, \
    started_at = excluded.started_at, ended_at = excluded.ended_at";
/// The runs of a partition that have not ended, groups before their members.
pub(crate) const LIVE: &str = "SELECT run_rows.* FROM run_states JOIN run_rows ON run_rows.key = run_states.run \
    WHERE run_states.partition = $1 AND NOT run_states.ended \
    ORDER BY COALESCE(run_rows.parent_run, run_rows.key), run_rows.parent_run IS NOT NULL, run_rows.key";
pub(crate) const BY_KEY: &str = "SELECT * FROM run_rows WHERE key = $1";
pub(crate) const BY_ID: &str = "SELECT * FROM run_rows WHERE tenant = $1 AND run_id = $2";
pub(crate) const MEMBERS: &str =
    "SELECT * FROM run_rows WHERE parent_run = $1 ORDER BY parent_node";
pub(crate) const RECENT: &str = "SELECT * FROM run_rows WHERE tenant = $1 AND service = $2 AND workspace = $3 ORDER BY key DESC LIMIT $4";
pub(crate) const RECENT_OF_CODE: &str = "SELECT * FROM run_rows WHERE tenant = $1 AND service = $2 AND workspace = $3 AND code = $4 \
    ORDER BY key DESC LIMIT $5";
/// Some keys after a key, in order.
pub(crate) const KEYS_AFTER: &str = "SELECT key FROM runs WHERE key > $1 ORDER BY key LIMIT 1000";

/// [`INSERT`] for many rows.
pub(crate) static INSERT_MANY: Many = Many::new(INSERT);
/// [`PUT_STATE`] for many rows.
pub(crate) static PUT_STATES: Many = Many::new(PUT_STATE);

/// A run on its way into the store.
pub(crate) struct NewRun<'a> {
    row: &'a RunRow,
    partition: i32,
    owner_epoch: i64,
    mis_date: String,
    fingerprint: [u8; 32],
}

impl<'a> NewRun<'a> {
    /// The run as the group's owner writes it.
    pub(crate) fn new(group: &Group, row: &'a RunRow) -> Self {
        Self::sealed(row, group.partition.0, group.epoch.0)
    }

    fn sealed(row: &'a RunRow, partition: i32, owner_epoch: i64) -> Self {
        let mut new = Self {
            row,
            partition,
            owner_epoch,
            mis_date: row.mis_date.to_string(),
            fingerprint: [0; 32],
        };
        new.fingerprint = fingerprint(&new.fixed());
        new
    }

    fn fixed(&self) -> [Value<'_>; 18] {
        let row = self.row;
        [
            row.key.0.into(),
            self.partition.into(),
            self.owner_epoch.into(),
            row.run_id.as_str().into(),
            row.scope.tenant.as_str().into(),
            row.scope.service.as_str().into(),
            row.scope.workspace.as_str().into(),
            row.kind.as_str().into(),
            row.code.as_str().into(),
            self.mis_date.as_str().into(),
            row.version.0.into(),
            row.parent.map(|(key, _)| key.0).into(),
            row.parent.map(|(_, node)| i64::from(node)).into(),
            row.rerun_of.map(|key| key.0).into(),
            row.params.as_str().into(),
            row.choices.as_str().into(),
            row.triggered_by.as_str().into(),
            row.created_at.into(),
        ]
    }
}

/// The columns of [`INSERT`].
impl Row<19> for NewRun<'_> {
    fn values(&self) -> [Value<'_>; 19] {
        and(self.fixed(), &self.fingerprint)
    }
}

/// A run's state on its way into the store.
#[derive(Clone, Copy)]
pub(crate) struct NewState<'a> {
    pub(crate) group: &'a Group,
    pub(crate) key: RunKey,
    pub(crate) state: &'a RunState,
}

/// The columns of [`PUT_STATE`].
impl Row<10> for NewState<'_> {
    fn values(&self) -> [Value<'_>; 10] {
        let [gate, interrupted, generation, status, ended, started_at, ended_at] =
            state_cells(self.state);
        [
            self.key.0.into(),
            self.group.partition.0.into(),
            self.group.epoch.0.into(),
            gate,
            interrupted,
            generation,
            status,
            ended,
            started_at,
            ended_at,
        ]
    }
}

/// The state alone.
pub(crate) fn state_cells<'a>(state: &RunState) -> [Value<'a>; 7] {
    [
        state.gate.into(),
        state.interrupted.into(),
        state.generation.into(),
        (state.status as u8).into(),
        state.ended.into(),
        state.started_at.into(),
        state.ended_at.into(),
    ]
}

/// The instant in a run's id, or of its creation if that is later.
pub(crate) fn created_ms(run: &RunRow) -> i64 {
    let in_id =
        run.run_id.as_str().rsplit('_').nth(1).and_then(|ms| ms.parse().ok()).unwrap_or_default();
    run.created_at.as_ms().max(in_id)
}

row!(RunRow, |row| {
    let parent: (Option<i64>, Option<i64>) =
        (row.try_get("parent_run")?, row.try_get("parent_node")?);
    let run = Self {
        key: RunKey(row.try_get("key")?),
        run_id: parsed(row.try_get("run_id")?, "run_id")?,
        scope: Scope {
            tenant: row.try_get("tenant")?,
            service: row.try_get("service")?,
            workspace: row.try_get("workspace")?,
        },
        kind: kind(row.try_get("kind")?)?,
        code: parsed(row.try_get("code")?, "code")?,
        mis_date: parsed(row.try_get("mis_date")?, "mis_date")?,
        version: VersionKey(row.try_get("version")?),
        parent: match parent {
            (Some(key), Some(node)) => Some((RunKey(key), number(node, "parent_node")?)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(broken("a run has half a parent".to_owned()));
            }
        },
        rerun_of: row.try_get::<Option<i64>>("rerun_of")?.map(RunKey),
        params: row.try_get("params")?,
        choices: row.try_get("choices")?,
        triggered_by: row.try_get("triggered_by")?,
        created_at: Timestamp(row.try_get("created_at")?),
        state: RunState {
            gate: number(row.try_get("gate")?, "gate")?,
            interrupted: row.try_get("interrupted")?,
            generation: number(row.try_get("generation")?, "generation")?,
            status: status(row.try_get("status")?)?,
            ended: row.try_get("ended")?,
            started_at: row.try_get::<Option<i64>>("started_at")?.map(Timestamp),
            ended_at: row.try_get::<Option<i64>>("ended_at")?.map(Timestamp),
        },
    };
    let partition = number(row.try_get("partition")?, "partition")?;
    let written = NewRun::sealed(&run, partition, row.try_get("owner_epoch")?);
    sealed(format_args!("run `{}`", run.run_id), &written.fixed(), row.try_get("fingerprint")?)?;
    Ok(run)
});

fn status(number: i64) -> Result<Status, sqlx::Error> {
    let known = u8::try_from(number).ok().and_then(Status::from_number);
    known.ok_or_else(|| broken(format!("column `status` holds {number}, which is no status")))
}
