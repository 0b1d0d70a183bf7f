//! What tasks do, and the systems that they reach.

use super::files::{CommandFiles, FileWork};
use crate::codes::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a task does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    #[default]
    Noop,
    Command(CommandWork),
    Http(HttpWork),
    Sql(SqlWork),
    File(FileWork),
}

impl Work {
    /// Whether there is nothing to do.
    pub fn is_noop(&self) -> bool {
        matches!(self, Self::Noop)
    }

    /// Whether running this needs the right to define commands.
    pub fn is_command(&self) -> bool {
        matches!(self, Self::Command(_))
    }
}

/// A program to run, without a shell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CommandWork {
    /// The program and its arguments; each may hold placeholders, none is ever split or joined.
    pub argv: Vec<String>,
    /// Extra environment; values may hold placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// What it reads from the file exchange and leaves there.
    #[serde(default, skip_serializing_if = "CommandFiles::is_empty")]
    pub files: CommandFiles,
}

/// A request to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpWork {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The whole URL, or a path below the connection's base; placeholders are percent-encoded.
    pub url: String,
    /// An HTTP connection: base URL, headers, secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Code>,
    /// Headers; values must not hold placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Extra keys merged into the contract's JSON body; string values may hold placeholders.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
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
