//! How many round trips to PostgreSQL a commit needs. In a program of its own, because the count is taken from the log of the process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use dayend_engine::codes::{RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    Group, GroupId, HistoryRecord, NodeRow, Outcome, OwnerEpoch, Partition, RunRow, RunState,
    Store, VersionKey, Write,
};
use dayend_store::{PostgresOptions, PostgresStore};
use secrecy::SecretString;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The statements of a group whatever its size: BEGIN, owner, group id, runs, states, nodes, history, end of chain, COMMIT.
const FIXED: usize = 9;
/// Chunks of a multi-row statement that are smaller than the largest one.
const SMALLER_CHUNKS: usize = 9;

#[path = "../../testkit/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file is a public module of the test kit")]
mod cluster;

#[tokio::test]
async fn a_commit_of_many_nodes_needs_few_round_trips() {
    tracing::subscriber::set_global_default(StatementCounter).unwrap();
    let cluster = cluster::Cluster::start().unwrap();
    let password = Some(SecretString::from(cluster.password()));
    let options = PostgresOptions::default();
    few(&PostgresStore::open(&cluster.url(), password, options).await.unwrap()).await;
}

async fn few(store: &dyn Store) {
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    for (key, nodes) in [(1, 0), (2, 1), (3, 1_000), (4, 20_000)] {
        let before = STATEMENTS.load(Ordering::SeqCst);
        let outcomes = store.commit(group(key, epoch, nodes)).await.unwrap();
        assert_eq!(outcomes, [Outcome::Applied]);
        let needed = STATEMENTS.load(Ordering::SeqCst) - before;
        let allowed = FIXED + SMALLER_CHUNKS + usize::try_from(nodes).unwrap() / 512;
        assert!(needed >= FIXED - 1, "only {needed} statements were seen for {nodes} nodes");
        assert!(needed <= allowed, "{needed} statements for {nodes} nodes");
    }
    store.close().await;
}

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

struct StatementCounter;

impl Subscriber for StatementCounter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn group(key: i64, epoch: OwnerEpoch, nodes: u32) -> Group {
    let state = RunState {
        gate: 0,
        interrupted: false,
        generation: 1,
        status: Status::OnGoing,
        ended: false,
        started_at: None,
        ended_at: None,
    };
    let run = RunRow {
        key: RunKey(key),
        run_id: format!("EOD_2026-10-30_{key}_1").parse().unwrap(),
        scope: Scope { tenant: "t".to_owned(), service: "s".to_owned(), workspace: "w".to_owned() },
        kind: Kind::Batch,
        code: "EOD".parse().unwrap(),
        mis_date: "2026-10-30".parse().unwrap(),
        version: VersionKey(1),
        parent: None,
        rerun_of: None,
        params: "{}".to_owned(),
        choices: "{}".to_owned(),
        triggered_by: "ann".to_owned(),
        created_at: Timestamp(1),
        state,
    };
    let node = |node| NodeRow {
        run: RunKey(key),
        node,
        state: 1,
        generation: 1,
        attempt: 1,
        epoch: 1,
        wake_at: None,
        started_at: None,
        ended_at: None,
        handle: None,
        message: None,
        files: None,
    };
    let record = HistoryRecord {
        run: Some(RunKey(key)),
        at: Timestamp(1),
        actor: "ann".to_owned(),
        event: "trigger".to_owned(),
        detail: "{}".to_owned(),
    };
    let nodes = (0..nodes).map(node).collect();
    let write =
        Write::Runs { claim: None, new: vec![run], changed: vec![], nodes, history: vec![record] };
    Group {
        id: GroupId(key),
        partition: Partition(0),
        epoch,
        at: Timestamp(1),
        writes: vec![write],
    }
}
