//! Runs to look at that no conductor made.

use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::{Batch, Group, Kind, Member, OnLost, Retries, Task, Work};
use dayend_engine::plan::Plan;
use dayend_engine::status::Status;
use dayend_engine::time::{MisDate, Timestamp};
use dayend_service::compiled::{Compiled, Source};
use dayend_service::conductor::view::View;
use dayend_service::snapshot::Snapshot;
use dayend_store::port::{RunRow, RunState, VersionKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Run `B_2026-10-30_1_1`, FAILED, with nodes that are in turn in each status: tasks `T0`, `T1` …, or members `M0`, `M1` …
/// with the runs `M0_2026-10-30_2_1` …
pub fn view(kind: Kind, nodes: usize) -> Arc<View> {
    let (plan, source, members) = match kind {
        Kind::BatchGroup => group(nodes),
        Kind::Batch | Kind::Connection => batch(nodes),
    };
    let compiled = Arc::new(Compiled { key: VersionKey(1), version: 1, plan, source });
    let shown = Status::ALL.into_iter().cycle().take(nodes).collect();
    Arc::new(View::new(row(kind), compiled, members, shown, 1))
}

/// All rows of [`view`].
pub fn snapshot(kind: Kind, nodes: usize) -> Snapshot {
    Snapshot::new(view(kind, nodes), None)
}

fn batch(tasks: usize) -> (Plan, Source, Vec<RunId>) {
    let task = |at| Task {
        code: code(&format!("T{at}")),
        name: String::new(),
        description: String::new(),
        work: Work::Noop,
        params: BTreeMap::new(),
        after: Vec::new(),
        timeout_ms: None,
        retries: Retries::default(),
        on_lost: OnLost::default(),
    };
    let batch = Batch {
        code: code("B"),
        name: String::new(),
        description: String::new(),
        params: BTreeMap::new(),
        tasks: (0..tasks).map(task).collect(),
    };
    let plan = Plan::of_batch(&batch).expect("tasks without edges have no cycle");
    (plan, Source::Batch(Arc::new(batch)), Vec::new())
}

fn group(members: usize) -> (Plan, Source, Vec<RunId>) {
    let codes: Vec<Code> = (0..members).map(|at| code(&format!("M{at}"))).collect();
    let group = Group {
        code: code("B"),
        name: String::new(),
        description: String::new(),
        members: codes
            .iter()
            .map(|code| Member { batch: code.clone(), after: Vec::new() })
            .collect(),
    };
    let plan = Plan::of_group(&group).expect("members without edges have no cycle");
    let ids = codes.iter().map(|code| RunId::new(code, date(), 2)).collect();
    (plan, Source::Group(group), ids)
}

fn row(kind: Kind) -> RunRow {
    RunRow {
        key: RunKey(1),
        run_id: RunId::new(&code("B"), date(), 1),
        scope: Scope {
            tenant: "T".to_owned(),
            service: "S".to_owned(),
            workspace: "WS001".to_owned(),
        },
        kind,
        code: code("B"),
        mis_date: date(),
        version: VersionKey(1),
        parent: None,
        rerun_of: None,
        params: "{}".to_owned(),
        choices: "{}".to_owned(),
        triggered_by: "test".to_owned(),
        created_at: Timestamp(1000),
        state: RunState {
            gate: 0,
            interrupted: false,
            generation: 1,
            status: Status::Failed,
            ended: true,
            started_at: Some(Timestamp(1000)),
            ended_at: Some(Timestamp(2000)),
        },
    }
}

fn date() -> MisDate {
    "2026-10-30".parse().expect("it is a date")
}

fn code(text: &str) -> Code {
    text.parse().expect("it is a code")
}
