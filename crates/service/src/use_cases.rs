//! The use cases.

use crate::requests::{
    Accepted, Applied, LogPiece, Refusal, RunDetail, RunRequest, RunStatus, SourceFile, TaskRequest, TriggerRequest,
};
use dayend_engine::codes::Scope;
use dayend_identity::caller::{Caller, Function};
use dayend_identity::token::{TokenAnswer, TokenError, TokenRequest};
use std::time::Duration;

/// Everything that callers may ask for. Cheap to share.
#[derive(Debug)]
pub struct Service {}

/// Why a bearer token was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthenticated {
    #[error("the access token is invalid, expired or revoked")]
    InvalidToken,
    #[error("the server cannot check tokens now: {0}")]
    Unavailable(String),
}

impl Service {
    /// Issues a token (RFC 6749).
    pub async fn token(&self, _request: TokenRequest) -> Result<TokenAnswer, TokenError> {
        todo!()
    }

    /// The caller behind a bearer token.
    pub async fn authenticate(&self, _bearer: &str) -> Result<Caller, NotAuthenticated> {
        todo!()
    }

    /// The public signing keys, a JWK set.
    pub fn jwks(&self) -> serde_json::Value {
        todo!()
    }

    /// Whether the scope exists and is the caller's, `remote_user` may be named, and one of `functions` is held; in this order.
    pub async fn authorise(
        &self,
        _caller: &Caller,
        _scope: &Scope,
        _remote_user: Option<&str>,
        _functions: &[Function],
    ) -> Result<(), Refusal> {
        todo!()
    }

    /// The only service of the caller's tenant, if there is just one: the default where the header is optional.
    pub async fn default_service(&self, _caller: &Caller) -> Result<Option<String>, Refusal> {
        todo!()
    }

    pub async fn trigger(&self, _caller: &Caller, _request: TriggerRequest) -> Result<Accepted, Refusal> {
        todo!()
    }

    /// All tasks, or those asked for (an unknown code is `Invalid { key: "tasks" }`).
    pub async fn status(&self, _caller: &Caller, _request: RunRequest, _tasks: Option<Vec<String>>) -> Result<RunStatus, Refusal> {
        todo!()
    }

    pub async fn interrupt(&self, _caller: &Caller, _request: RunRequest) -> Result<Accepted, Refusal> {
        todo!()
    }

    pub async fn restart(&self, _caller: &Caller, _request: RunRequest) -> Result<Accepted, Refusal> {
        todo!()
    }

    pub async fn rerun(&self, _caller: &Caller, _request: RunRequest) -> Result<Accepted, Refusal> {
        todo!()
    }

    /// Hold, release, exclude, include, force-OK.
    pub async fn task(&self, _caller: &Caller, _request: TaskRequest) -> Result<RunStatus, Refusal> {
        todo!()
    }

    /// A run with its tasks' details.
    pub async fn run(&self, _caller: &Caller, _request: RunRequest) -> Result<RunDetail, Refusal> {
        todo!()
    }

    /// The newest runs of a scope, newest first, without their tasks.
    pub async fn runs(&self, _caller: &Caller, _scope: Scope, _code: Option<String>, _limit: u32) -> Result<Vec<RunDetail>, Refusal> {
        todo!()
    }

    /// Answers as soon as the run's revision is not `seen` (or it has ended), at the latest after `limit`.
    pub async fn wait(&self, _caller: &Caller, _request: RunRequest, _seen: Option<u64>, _limit: Duration) -> Result<RunStatus, Refusal> {
        todo!()
    }

    /// A piece of the log of a task's attempt (the newest, or the one with this epoch), at most 64 KiB.
    pub async fn log(
        &self,
        _caller: &Caller,
        _request: RunRequest,
        _task: String,
        _epoch: Option<u32>,
        _offset: u64,
    ) -> Result<LogPiece, Refusal> {
        todo!()
    }

    /// Stores the definitions in the files, all or none.
    pub async fn apply(&self, _caller: &Caller, _scope: Scope, _files: Vec<SourceFile>, _dry_run: bool) -> Result<Applied, Refusal> {
        todo!()
    }

    /// The newest versions of the named definitions (none named: all), as one byte-stable YAML text.
    pub async fn export(&self, _caller: &Caller, _scope: Scope, _codes: Vec<String>) -> Result<String, Refusal> {
        todo!()
    }

    /// The result of an asynchronous HTTP attempt, posted to its one-time URL.
    pub async fn callback(&self, _token: &str, _body: &[u8]) -> Result<(), Refusal> {
        todo!()
    }

    /// Whether writes can be stored now.
    pub fn ready(&self) -> bool {
        todo!()
    }
}
