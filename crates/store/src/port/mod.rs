//! What the product asks of a database: guarded writes in groups, and reads that never wait for them.

mod documents;
mod identity;

pub use documents::{
    DocumentChange, DocumentContent, DocumentFate, DocumentKey, DocumentRow, Guard,
};
pub use identity::{AppRow, GrantRow, RefreshRow, SecretHash, UserRow};

use async_trait::async_trait;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_engine::time::{MisDate, Timestamp};
use std::fmt;
use std::sync::Arc;

/// A share of the runs that one node owns at a time. With SQLite there is only 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub i32);

/// Fences a node that lost its partition: grows with each change of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerEpoch(pub i64);

/// Names one group commit, so that its fate can be read back when the answer to COMMIT was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub i64);

/// The store's number of one immutable definition version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(pub i64);

/// Many guarded writes, made durable together.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: GroupId,
    pub partition: Partition,
    pub epoch: OwnerEpoch,
    pub at: Timestamp,
    pub writes: Vec<Write>,
}

/// One guarded change. It is applied whole or not at all, and never fails its neighbours.
#[derive(Clone, Debug)]
pub enum Write {
    /// New runs and changes of live ones that belong together: one trigger, or one step of a run (and its group).
    /// Loses the race if `claim` is taken or the partition has a newer owner.
    Runs {
        claim: Option<ClaimRow>,
        new: Vec<RunRow>,
        changed: Vec<RunChange>,
        nodes: Vec<NodeRow>,
        history: Vec<HistoryRecord>,
    },
    /// New definition versions, all or none. Loses the race if any code's newest version is not `expected`.
    Define {
        rows: Vec<NewDefinition>,
        history: HistoryRecord,
    },
    /// Creates or replaces a user, an app or a grant (admin verbs: the last writer wins).
    PutUser {
        user: UserRow,
        history: HistoryRecord,
    },
    PutApp {
        app: AppRow,
        history: HistoryRecord,
    },
    PutGrant {
        grant: GrantRow,
        history: HistoryRecord,
    },
    /// Records a refresh token that was issued with a grant other than `refresh_token`.
    IssueRefresh {
        token: RefreshRow,
        history: HistoryRecord,
    },
    /// Spends a one-time refresh token: exactly one of two racing spenders is `Applied`. `successor` is stored with it.
    SpendRefresh {
        hash: SecretHash,
        successor: RefreshRow,
        history: HistoryRecord,
    },
    /// Revokes all tokens that descend from one grant.
    RevokeFamily {
        family: String,
        history: HistoryRecord,
    },
    /// Takes a user or an app away; its name is free again.
    DeleteUser {
        tenant: String,
        id: String,
        history: HistoryRecord,
    },
    DeleteApp {
        tenant: String,
        client_id: String,
        history: HistoryRecord,
    },
    /// Changes of documents, together with one other write (at least an audit event): all or none. Loses the race if any
    /// guard does not hold, or `with` loses it.
    Change {
        documents: Vec<DocumentChange>,
        with: Box<Write>,
    },
    /// Only an audit event (a refused log-in, for example).
    Audit {
        history: HistoryRecord,
    },
}

impl Write {
    /// What it adds to the history.
    pub fn history(&self) -> &[HistoryRecord] {
        match self {
            Self::Runs { history, .. } => history,
            Self::Change { with, .. } => with.history(),
            Self::Define { history, .. }
            | Self::PutUser { history, .. }
            | Self::PutApp { history, .. }
            | Self::PutGrant { history, .. }
            | Self::IssueRefresh { history, .. }
            | Self::SpendRefresh { history, .. }
            | Self::RevokeFamily { history, .. }
            | Self::DeleteUser { history, .. }
            | Self::DeleteApp { history, .. }
            | Self::Audit { history } => std::slice::from_ref(history),
        }
    }
}

/// What became of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// Its guard did not hold; nothing of it was written.
    LostRace,
}

/// Why a group has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of the group was written.
    #[error("the group was not written: {0}")]
    NotDone(StoreError),
    /// The answer to COMMIT was lost: settled by [`Store::was_committed`].
    #[error("it is not known whether the group was written: {0}")]
    Unknown(StoreError),
}

/// What a database can answer instead of rows.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or used now (disk full, I/O error, busy); trying again later may work.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row breaks our own rules.
    #[error("the database is inconsistent: {0}")]
    Inconsistent(String),
    /// Another process owns the database.
    #[error("{0}")]
    InUse(String),
    /// The schema is newer than this program, or the SQLite library is too old.
    #[error("{0}")]
    Unsupported(String),
}

/// A run as stored. All but `state` is fixed at creation.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    pub key: RunKey,
    pub run_id: RunId,
    pub scope: Scope,
    /// `Batch` or `BatchGroup`.
    pub kind: Kind,
    pub code: Code,
    pub mis_date: MisDate,
    pub version: VersionKey,
    /// The group run and the node in it, for a member.
    pub parent: Option<(RunKey, u32)>,
    pub rerun_of: Option<RunKey>,
    /// JSON of the run-time parameters.
    pub params: String,
    /// JSON of the choices at trigger.
    pub choices: String,
    pub triggered_by: String,
    pub created_at: Timestamp,
    pub state: RunState,
}

/// The part of a run that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The number of `engine::run::Gate`.
    pub gate: u8,
    /// An interrupt was accepted and no restart since.
    pub interrupted: bool,
    pub generation: u32,
    pub status: Status,
    /// Nothing runs and nothing can start.
    pub ended: bool,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// The new state of a run that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct RunChange {
    pub key: RunKey,
    pub state: RunState,
}

/// The state of one task or member; a node without a row is in its initial state.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    pub run: RunKey,
    pub node: u32,
    /// The number of `engine::run::NodeState`.
    pub state: u8,
    pub generation: u32,
    pub attempt: u32,
    pub epoch: u32,
    /// When a retry is due.
    pub wake_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What an asynchronous attempt needs to be followed after a server restart.
    pub handle: Option<String>,
    pub message: Option<String>,
    /// The files that its newest attempt had to do with, as JSON.
    pub files: Option<String>,
}

/// One audit event. The store chains it: `hash = SHA-256(previous hash, all other columns)`, per partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRecord {
    pub run: Option<RunKey>,
    pub at: Timestamp,
    /// Who: `user@client`, or `dayend`.
    pub actor: String,
    /// What: `trigger`, `interrupt`, `step`, `apply`, `token`, …
    pub event: String,
    /// Compact JSON; never a secret.
    pub detail: String,
}

/// A history record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    pub partition: Partition,
    pub seq: i64,
    pub record: HistoryRecord,
    pub hash: [u8; 32],
}

/// An idempotency key that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    pub tenant: String,
    pub client: String,
    pub verb: String,
    pub key: String,
    /// SHA-256 of the canonical request.
    pub body_hash: [u8; 32],
    /// JSON of what is needed to answer again.
    pub answer: String,
    pub at: Timestamp,
}

/// A definition version to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDefinition {
    pub key: VersionKey,
    pub scope: Scope,
    pub kind: Kind,
    pub code: Code,
    /// The version that must be the newest one (0: the code must be new); the new one is `expected + 1`.
    pub expected: i64,
    pub content: Content,
    pub by: String,
    pub at: Timestamp,
}

/// A definition version as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRow {
    pub key: VersionKey,
    pub scope: Scope,
    pub kind: Kind,
    pub code: Code,
    pub version: i64,
    /// [`Content::digest`].
    pub digest: [u8; 32],
    /// How many parts its content has: read by [`Store::definition_parts`].
    pub parts: u32,
    pub by: String,
    pub at: Timestamp,
}

/// What a definition says, in the form that only its writer can read. It may be large, so that it is kept in parts.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// SHA-256 of what the parts say, however they say it: equal definitions have equal digests.
    pub digest: [u8; 32],
    pub parts: Arc<[Box<[u8]>]>,
}

/// A tenant, service and workspace that exist.
pub type ScopeRow = Scope;

/// The rows that a start needs before anything runs: who owns the partition, and its live runs.
#[derive(Clone, Debug)]
pub struct Takeover {
    pub partition: Partition,
    pub epoch: OwnerEpoch,
    /// The largest numbers in use, so that new ones are new.
    pub last_run: RunKey,
    pub last_version: VersionKey,
    pub last_group: GroupId,
    /// Created at the last instant, so that run ids stay unique when the clock went back.
    pub last_created_ms: i64,
}

/// A database. Reads see what is committed and never wait for the writer.
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes the whole group durable, with one fsync, before it returns: an outcome for each write, in order.
    async fn commit(&self, group: Group) -> Result<Vec<Outcome>, CommitError>;
    /// What became of each write of a group, in order; none: it was not committed, and never will be.
    async fn was_committed(&self, id: GroupId) -> Result<Option<Vec<Outcome>>, StoreError>;
    /// Becomes the owner of the partition: its epoch grows, which fences any earlier owner.
    async fn take_over(&self, partition: Partition) -> Result<Takeover, StoreError>;

    /// All runs of the partition that have not ended, oldest first, groups before their members.
    async fn live_runs(&self, partition: Partition) -> Result<Vec<RunRow>, StoreError>;
    async fn run_by_key(&self, key: RunKey) -> Result<Option<RunRow>, StoreError>;
    async fn run_by_id(&self, tenant: &str, id: &RunId) -> Result<Option<RunRow>, StoreError>;
    /// The member runs of a group run, in node order.
    async fn members(&self, group: RunKey) -> Result<Vec<RunRow>, StoreError>;
    /// The nodes of a run that have left their initial state, in node order.
    async fn nodes(&self, run: RunKey) -> Result<Vec<NodeRow>, StoreError>;
    /// The newest runs of a scope, newest first; `code` narrows.
    async fn recent_runs(
        &self,
        scope: &Scope,
        code: Option<&Code>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError>;
    /// History records after `after_seq`, oldest first, at most `limit`; `run` narrows.
    async fn history(
        &self,
        partition: Partition,
        run: Option<RunKey>,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, StoreError>;
    async fn claim(
        &self,
        tenant: &str,
        client: &str,
        verb: &str,
        key: &str,
    ) -> Result<Option<ClaimRow>, StoreError>;

    /// The newest version of a definition.
    async fn definition(
        &self,
        scope: &Scope,
        kind: Kind,
        code: &Code,
    ) -> Result<Option<DefinitionRow>, StoreError>;
    async fn definition_version(
        &self,
        key: VersionKey,
    ) -> Result<Option<DefinitionRow>, StoreError>;
    /// The content of a version, part by part; none: there is no such version.
    async fn definition_parts(&self, key: VersionKey) -> Result<Vec<Box<[u8]>>, StoreError>;
    /// The newest versions of all definitions of a scope, by kind and code.
    async fn definitions(&self, scope: &Scope) -> Result<Vec<DefinitionRow>, StoreError>;

    async fn scope_exists(&self, scope: &Scope) -> Result<bool, StoreError>;
    async fn scopes(&self, tenant: &str) -> Result<Vec<ScopeRow>, StoreError>;
    /// Makes a scope (start-up and admin verbs; idempotent).
    async fn put_scope(&self, scope: &Scope) -> Result<(), StoreError>;
    async fn user_by_name(&self, tenant: &str, name: &str) -> Result<Option<UserRow>, StoreError>;
    async fn user_by_id(&self, tenant: &str, id: &str) -> Result<Option<UserRow>, StoreError>;
    async fn app(&self, client_id: &str) -> Result<Option<AppRow>, StoreError>;
    /// Users of the tenant whose name comes after `after`, by name.
    async fn users(
        &self,
        tenant: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<UserRow>, StoreError>;
    /// Apps of the tenant whose client id comes after `after`, by client id.
    async fn apps(&self, tenant: &str, after: &str, limit: u32) -> Result<Vec<AppRow>, StoreError>;
    async fn document(&self, key: &DocumentKey) -> Result<Option<DocumentRow>, StoreError>;
    /// Documents of a kind whose id comes after `after`, by id; `parent` narrows.
    async fn documents(
        &self,
        kind: &str,
        tenant: &str,
        parent: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError>;
    /// Documents of a kind in all tenants, those after this tenant and id, by tenant and id.
    async fn documents_of_all(
        &self,
        kind: &str,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError>;
    async fn grants(&self, tenant: &str, grantee: &str) -> Result<Vec<GrantRow>, StoreError>;
    /// All grants of the tenant, by grantee.
    async fn all_grants(&self, tenant: &str) -> Result<Vec<GrantRow>, StoreError>;
    async fn refresh(&self, hash: SecretHash) -> Result<Option<RefreshRow>, StoreError>;

    /// Deletes idempotency keys and group ids older than `before`, and refresh tokens and documents that expired before it.
    async fn forget(&self, before: Timestamp) -> Result<(), StoreError>;
    /// Whether it can be written to, as far as can be said without doing so: a file may have been taken away.
    async fn usable(&self) -> Result<(), StoreError> {
        Ok(())
    }
    /// The database's own integrity check and ours (orphans, chain, replay of history against the state rows).
    async fn verify(&self) -> Result<Verified, StoreError>;
    /// Finishes what is under way and closes all connections.
    async fn close(&self);
}

/// Submits one write to the group writer and waits until it is durable. No caller ever holds a transaction.
#[async_trait]
pub trait Writer: Send + Sync {
    async fn write(&self, write: Write) -> Result<Outcome, WriteError>;
}

/// Why a write has no outcome: it did not happen.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the change could not be stored: {0}")]
pub struct WriteError(pub String);

/// The result of [`Store::verify`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub records: i64,
    pub runs: i64,
    /// Each a sentence; empty = all is well.
    pub defects: Vec<String>,
}

macro_rules! secret_free_debug {
    ($($name:ident: $($field:ident),+;)+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))+.finish_non_exhaustive()
            }
        }
    )+};
}
secret_free_debug! {
    UserRow: id, tenant, name, active;
    AppRow: client_id, tenant, name, grants, active;
    RefreshRow: family, client_id, tenant, user_id, scope, expires_at, spent, revoked;
    DocumentRow: key, revision;
    DocumentChange: key, guard;
}

impl fmt::Debug for Content {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size_bytes: usize = self.parts.iter().map(|part| part.len()).sum();
        out.debug_struct("Content").field("size_bytes", &size_bytes).finish_non_exhaustive()
    }
}
