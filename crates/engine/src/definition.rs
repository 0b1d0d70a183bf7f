//! What an engineer writes: batches, groups and connections, after parsing and before compiling to a plan.

use crate::codes::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most tasks a batch, or members a group, may have.
pub const NODES_MAX: usize = 1_000_000;
/// The most edges a batch or group may have.
pub const EDGES_MAX: usize = 8_000_000;

/// A batch: a DAG of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub code: Code,
    pub name: String,
    pub description: String,
    /// Declared parameters and their default values, without the `$` signs.
    pub params: BTreeMap<String, String>,
    pub tasks: Vec<Task>,
}

/// A batch group: a DAG of member batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub code: Code,
    pub name: String,
    pub description: String,
    pub members: Vec<Member>,
}

/// A batch in a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub batch: Code,
    pub after: Vec<Edge>,
}

/// One unit of work of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The task (or member batch) that comes first.
    pub task: Code,
    pub on: On,
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

/// How often a failed attempt is repeated within a generation, and how long apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Attempts after the first.
    pub max: u32,
    /// The delay before the first retry; it doubles with each further one.
    pub backoff_ms: u64,
    /// The longest delay; none = unbounded doubling (capped at a day).
    pub max_backoff_ms: Option<u64>,
}

/// What follows when an attempt's executor vanished without a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLost {
    /// The task becomes ABORTED and waits for a person.
    #[default]
    Abort,
    /// The task is attempted again: only for tasks that are safe to repeat.
    Retry,
}

/// What a task does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    Noop,
    Command(CommandWork),
    Http(HttpWork),
    Sql(SqlWork),
}

impl Work {
    /// Whether running this needs the right to define commands.
    pub fn is_command(&self) -> bool {
        matches!(self, Self::Command(_))
    }
}

/// A program to run, without a shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandWork {
    /// The program and its arguments; each may hold placeholders, none is ever split or joined.
    pub argv: Vec<String>,
    /// Extra environment; values may hold placeholders.
    pub env: BTreeMap<String, String>,
}

/// A request to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpWork {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The whole URL, or a path below the connection's base; placeholders are percent-encoded.
    pub url: String,
    /// An HTTP connection: base URL, headers, secrets.
    pub connection: Option<Code>,
    /// Headers; values must not hold placeholders.
    pub headers: BTreeMap<String, String>,
    /// Extra keys merged into the contract's JSON body; string values may hold placeholders.
    pub body: serde_json::Map<String, serde_json::Value>,
}

/// A statement to execute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SqlWork {
    pub connection: Code,
    /// The statement; placeholders become bound parameters.
    pub statement: String,
}

/// How to reach another system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    pub code: Code,
    pub name: String,
    pub description: String,
    pub target: ConnectionTarget,
}

/// The kinds of systems a connection reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionTarget {
    /// A `SQLite` file, created if missing.
    Sqlite { path: String },
    /// A `PostgreSQL` URL without a password, and where the password comes from.
    Postgres { url: String, password: Option<SecretRef> },
    /// A base URL, fixed headers, headers whose values are secrets, and an own CA (PEM file).
    Http {
        base: String,
        headers: BTreeMap<String, String>,
        secret_headers: BTreeMap<String, SecretRef>,
        ca_file: Option<String>,
    },
}

/// Where a secret is read from when it is needed; the secret itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretRef {
    /// An environment variable of the server.
    Env(String),
    /// A file readable by the server; a final newline is dropped.
    File(String),
}

/// Anything that `apply` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "spec")]
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
