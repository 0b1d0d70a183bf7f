//! A run at one committed instant, to be read row by row.

use crate::conductor::view::{Seen, View};
use crate::requests::{MemberStatus, RunStatus, TaskStatus};
use dayend_engine::codes::{Code, RunId};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_store::port::RunState;
use std::sync::Arc;

/// What a run shows, sharing what never changes with everybody who looks at it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    view: Arc<View>,
    seen: Seen,
    /// The nodes that were asked for, in ascending order; without them, all.
    wanted: Option<Vec<u32>>,
}

/// A task, or a member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    pub code: &'a str,
    /// The run of a member.
    pub member: Option<&'a RunId>,
    pub status: Status,
}

impl Snapshot {
    /// The run as it is now; of its rows those that are `wanted`, in the order of the definition.
    pub fn new(view: Arc<View>, wanted: Option<Vec<u32>>) -> Self {
        let wanted = wanted.map(|mut nodes| {
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        });
        Self { seen: view.read(Seen::clone), view, wanted }
    }

    pub fn run_id(&self) -> &RunId {
        &self.view.row.run_id
    }

    pub fn is_group(&self) -> bool {
        self.view.compiled.plan.is_group()
    }

    pub fn status(&self) -> Status {
        self.seen.state.status
    }

    pub(crate) fn state(&self) -> &RunState {
        &self.seen.state
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.wanted.as_ref().map_or(self.seen.shown.len(), Vec::len)
    }

    /// A list of tasks that were asked for is never empty, nor is a run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows from number `from` on.
    pub fn rows(&self, from: usize) -> impl Iterator<Item = Row<'_>> {
        (from..self.len()).filter_map(|at| self.row(at))
    }

    fn row(&self, at: usize) -> Option<Row<'_>> {
        let node = match &self.wanted {
            Some(nodes) => *nodes.get(at)?,
            None => u32::try_from(at).ok()?,
        };
        let status = *self.seen.shown.get(node as usize)?;
        let member = self.view.members.get(node as usize).filter(|_| self.is_group());
        Some(Row { code: self.view.compiled.code_of(node), member, status })
    }
}

impl From<&Snapshot> for RunStatus {
    fn from(snapshot: &Snapshot) -> Self {
        let (row, state) = (&snapshot.view.row, &snapshot.seen.state);
        let (mut tasks, mut members) = (Vec::new(), Vec::new());
        for Row { code, member, status } in snapshot.rows(0) {
            let code: Code = code.parse().expect("a definition holds only codes");
            match member {
                Some(run_id) => members.push(MemberStatus { run_id: run_id.clone(), code, status }),
                None => tasks.push(TaskStatus { code, status }),
            }
        }
        Self {
            run_id: row.run_id.clone(),
            kind: if snapshot.is_group() { Kind::BatchGroup } else { Kind::Batch },
            code: row.code.clone(),
            mis_date: row.mis_date,
            status: state.status,
            ended: state.ended,
            revision: snapshot.seen.revision,
            tasks,
            members,
        }
    }
}
