//! What clients asked for, and what they were told.

use super::definitions::code;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::{Definition, Kind};
use dayend_service::conductor::input::RunVerb;
use dayend_service::stored::StoredChoices;
use dayend_store::port::VersionKey;
use std::collections::BTreeMap;

pub(super) const TENANT: &str = "bank";
pub(super) const CLIENT: &str = "console";

/// Where everything happens.
pub(super) fn scope() -> Scope {
    Scope { tenant: TENANT.to_owned(), service: "S".to_owned(), workspace: "W".to_owned() }
}

#[derive(Clone, Debug)]
pub(super) enum Asked {
    Trigger { kind: Kind, code: Code, choices: StoredChoices, rerun_of: Option<RunKey> },
    Verb { run: RunKey, verb: RunVerb },
    Define { definition: Box<Definition>, expected: i64 },
    Flush,
}

impl Asked {
    /// The verb under which an idempotency key is claimed.
    pub(super) fn route(&self) -> &'static str {
        match self {
            Self::Trigger { rerun_of: None, .. } => "trigger",
            Self::Trigger { rerun_of: Some(_), .. } => "rerun",
            Self::Verb { verb, .. } => verb.event(),
            Self::Define { .. } => "apply",
            Self::Flush => "flush",
        }
    }
}

/// One request, with all its repetitions.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub asked: Asked,
    pub key: Option<String>,
    /// Times it was sent.
    pub sent: u32,
    pub answered: bool,
    pub accepted: bool,
    /// Refused, or told that nothing of it was stored: then nothing of it may ever be seen.
    pub refused: bool,
    pub run: Option<RunId>,
    /// Answers in a row that another request has the key.
    pub raced: u32,
}

/// All requests; a request's number is in its actor and its parameters, so that its traces are found in the store.
#[derive(Debug, Default)]
pub(super) struct Clients {
    pub requests: Vec<Request>,
    /// The newest version of each definition, by kind and code.
    pub newest: BTreeMap<(Kind, Code), (VersionKey, i64, Definition)>,
    pub last_version: i64,
}

impl Clients {
    pub(super) fn add(&mut self, asked: Asked, key: Option<String>) -> usize {
        self.requests.push(Request {
            asked,
            key,
            sent: 0,
            answered: false,
            accepted: false,
            refused: false,
            run: None,
            raced: 0,
        });
        self.requests.len() - 1
    }

    pub(super) fn batches(&self) -> usize {
        self.newest.keys().filter(|(kind, _)| *kind == Kind::Batch).count()
    }

    /// The newest version of what a request names.
    pub(super) fn version_of(&self, kind: Kind, name: &str) -> Option<VersionKey> {
        self.newest.get(&(kind, code(name))).map(|(key, ..)| *key)
    }
}

/// Who a request is in the history.
pub(super) fn actor(request: usize) -> String {
    format!("client-{request}")
}

/// What marks the run that a request made.
pub(super) fn mark(request: usize) -> String {
    format!("\"CALL\":\"{request}\"")
}
