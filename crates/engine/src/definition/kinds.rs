//! Batches and groups.

use super::spec::{OnLost, Retries, Spec};
use super::tasks::Tasks;
use super::work::{Connection, Work};
use crate::codes::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most tasks a batch, or members a group, may have.
pub const NODES_MAX: usize = 1_000_000;
/// The most edges a batch or group may have.
pub const EDGES_MAX: usize = 8_000_000;

/// A batch: a DAG of tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub code: Code,
    pub name: String,
    pub description: String,
    /// Declared parameters and their default values, without the `$` signs.
    pub params: BTreeMap<String, String>,
    pub tasks: Tasks,
}

/// A batch group: a DAG of member batches.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub code: Code,
    pub name: String,
    pub description: String,
    pub members: Vec<Member>,
}

/// A batch in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub batch: Code,
    pub after: Vec<Edge>,
}

/// One unit of work of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub code: Code,
    pub name: String,
    pub description: String,
    pub work: Work,
    /// Parameters declared by the task alone; they win over the batch's default values.
    pub params: BTreeMap<String, String>,
    pub after: Vec<Edge>,
    /// How long one attempt may take; none = no limit.
    pub timeout_ms: Option<u64>,
    pub retries: Retries,
    pub on_lost: OnLost,
}

impl Task {
    /// The task that these say.
    pub fn new(code: Code, spec: Spec, after: Vec<Edge>) -> Self {
        let Spec { name, description, work, params, timeout_ms, retries, on_lost } = spec;
        let name = name.unwrap_or_else(|| code.as_str().to_owned());
        Self { code, name, description, work, params, after, timeout_ms, retries, on_lost }
    }

    /// What it says beside its code and its dependencies.
    pub fn into_spec(self) -> Spec {
        Spec {
            name: (self.name != self.code.as_str()).then_some(self.name),
            description: self.description,
            work: self.work,
            params: self.params,
            timeout_ms: self.timeout_ms,
            retries: self.retries,
            on_lost: self.on_lost,
        }
    }
}

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The task (or member batch) that comes first.
    pub task: Code,
    pub on: On,
}

impl Edge {
    /// The code and what meets the edge.
    pub fn parts(&self) -> (&str, On) {
        (self.task.as_str(), self.on)
    }
}

/// What meets an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// SUCCESSFUL or EXCLUDED.
    #[default]
    Success,
    /// FAILED or ABORTED.
    Failure,
    /// Any settled state.
    End,
}

/// Anything that `apply` takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    Batch(Batch),
    BatchGroup(Group),
    Connection(Connection),
}

impl Definition {
    /// The unique name within the scope and kind.
    pub fn code(&self) -> &Code {
        match self {
            Self::Batch(batch) => &batch.code,
            Self::BatchGroup(group) => &group.code,
            Self::Connection(connection) => &connection.code,
        }
    }

    /// The `kind` of the document.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Batch(_) => Kind::Batch,
            Self::BatchGroup(_) => Kind::BatchGroup,
            Self::Connection(_) => Kind::Connection,
        }
    }
}

/// The kinds of definitions. A batch and a group may not share a code; a connection has a name space of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Batch,
    BatchGroup,
    Connection,
}

impl Kind {
    /// The spelling in documents and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "Batch",
            Self::BatchGroup => "BatchGroup",
            Self::Connection => "Connection",
        }
    }
}
