//! Rows for tests, and a desk that commits them.

use crate::suite::home::Home;
use dayend_engine::codes::{RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_store::history::StepDetail;
use dayend_store::port::{
    ClaimRow, CommitError, Content, Group, GroupId, HistoryRecord, NewDefinition, NodeRow, Outcome,
    OwnerEpoch, Partition, RunChange, RunRow, RunState, Store, VersionKey, Write,
};
use std::sync::atomic::{AtomicI64, Ordering};

pub(crate) const PARTITION: Partition = Partition(0);
/// 2026-10-30 22:00 UTC.
pub(crate) const T0: Timestamp = Timestamp(1_793_397_600_000_000);

/// An open store with an owner, a scope and one definition, `EOD_FX`.
pub(crate) struct Desk {
    pub(crate) store: Box<dyn Store>,
    pub(crate) epoch: OwnerEpoch,
    last_group: AtomicI64,
}

impl Desk {
    pub(crate) async fn new(home: &dyn Home) -> Self {
        let desk = Self::reopened(home).await;
        desk.store.put_scope(&scope()).await.unwrap();
        let outcomes = desk.commit(vec![define(&[("EOD_FX", 1, 0)])]).await;
        assert_eq!(outcomes, [Outcome::Applied]);
        desk
    }

    pub(crate) async fn reopened(home: &dyn Home) -> Self {
        let store = home.open().await;
        let takeover = store.take_over(PARTITION).await.unwrap();
        Self { store, epoch: takeover.epoch, last_group: AtomicI64::new(takeover.last_group.0) }
    }

    pub(crate) fn group(&self, writes: Vec<Write>) -> Group {
        let id = GroupId(self.last_group.fetch_add(1, Ordering::SeqCst) + 1);
        Group { id, partition: PARTITION, epoch: self.epoch, at: T0, writes }
    }

    pub(crate) async fn commit(&self, writes: Vec<Write>) -> Vec<Outcome> {
        self.try_commit(writes).await.unwrap()
    }

    pub(crate) async fn try_commit(&self, writes: Vec<Write>) -> Result<Vec<Outcome>, CommitError> {
        self.store.commit(self.group(writes)).await
    }
}

pub(crate) fn scope() -> Scope {
    Scope { tenant: "bank".to_owned(), service: "night".to_owned(), workspace: "WS001".to_owned() }
}

pub(crate) fn record(event: &str) -> HistoryRecord {
    HistoryRecord {
        run: None,
        at: T0,
        actor: "ann@cli".to_owned(),
        event: event.to_owned(),
        detail: "{}".to_owned(),
    }
}

pub(crate) fn step(key: RunKey, event: &str, state: &RunState, nodes: &[NodeRow]) -> HistoryRecord {
    let detail = StepDetail {
        command: Some(event.to_owned()),
        state: state.clone(),
        nodes: nodes.to_vec(),
        note: None,
    };
    HistoryRecord { run: Some(key), detail: detail.to_json(), ..record(event) }
}

pub(crate) fn state() -> RunState {
    RunState {
        gate: 0,
        interrupted: false,
        generation: 1,
        status: Status::NotStarted,
        ended: false,
        started_at: None,
        ended_at: None,
    }
}

pub(crate) fn run(key: i64) -> RunRow {
    let created_ms = T0.as_ms() + key;
    RunRow {
        key: RunKey(key),
        run_id: format!("EOD_FX_2026-10-30_{created_ms}_1").parse().unwrap(),
        scope: scope(),
        kind: Kind::Batch,
        code: "EOD_FX".parse().unwrap(),
        mis_date: "2026-10-30".parse().unwrap(),
        version: VersionKey(1),
        parent: None,
        rerun_of: None,
        params: r#"{"RATE_SOURCE":"ecb"}"#.to_owned(),
        choices: "{}".to_owned(),
        triggered_by: "ann@cli".to_owned(),
        created_at: Timestamp(created_ms * 1000),
        state: state(),
    }
}

pub(crate) fn node(key: i64, node: u32, state: u8) -> NodeRow {
    NodeRow {
        run: RunKey(key),
        node,
        state,
        generation: 1,
        attempt: 1,
        epoch: 1,
        wake_at: None,
        started_at: Some(T0),
        ended_at: None,
        handle: None,
        message: None,
        files: None,
    }
}

pub(crate) fn claim(key: &str) -> ClaimRow {
    ClaimRow {
        tenant: "bank".to_owned(),
        client: "cli".to_owned(),
        verb: "trigger".to_owned(),
        key: key.to_owned(),
        body_hash: [7; 32],
        answer: r#"{"run":1}"#.to_owned(),
        at: T0,
    }
}

pub(crate) fn trigger(run: RunRow, nodes: Vec<NodeRow>) -> Write {
    claimed(None, run, nodes)
}

pub(crate) fn claimed(claim: Option<ClaimRow>, run: RunRow, nodes: Vec<NodeRow>) -> Write {
    let history = vec![step(run.key, "trigger", &run.state, &nodes)];
    Write::Runs { claim, new: vec![run], changed: Vec::new(), nodes, history }
}

pub(crate) fn change(key: i64, state: RunState, nodes: Vec<NodeRow>) -> Write {
    let history = vec![step(RunKey(key), "step", &state, &nodes)];
    Write::Runs {
        claim: None,
        new: Vec::new(),
        changed: vec![RunChange { key: RunKey(key), state }],
        nodes,
        history,
    }
}

/// Definitions as (code, key, expected version).
pub(crate) fn define(definitions: &[(&str, i64, i64)]) -> Write {
    let row = |(code, key, expected): &(&str, i64, i64)| NewDefinition {
        key: VersionKey(*key),
        scope: scope(),
        kind: Kind::Batch,
        code: code.parse().unwrap(),
        expected: *expected,
        content: content(code, expected + 1),
        by: "ann@cli".to_owned(),
        at: T0,
    };
    Write::Define { rows: definitions.iter().map(row).collect(), history: record("apply") }
}

/// Two parts, the first of which holds every byte.
pub(crate) fn content(code: &str, version: i64) -> Content {
    let last = format!("{code} {version}").into_bytes().into_boxed_slice();
    let parts = [(0..=u8::MAX).collect(), last];
    Content { digest: [u8::try_from(version).unwrap(); 32], parts: parts.into() }
}
