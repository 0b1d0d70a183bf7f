//! The questions that every database answers.

use super::definitions::{DefinitionRow, VersionKey};
use super::documents::{DocumentKey, DocumentRow};
use super::errors::{StoreError, WriteError};
use super::groups::{CommitError, Group, GroupId, Outcome, OwnerEpoch, Partition, Write};
use super::history::{HistoryRow, Verified};
use super::identity::{AppRow, GrantRow, RefreshRow, SecretHash, UserRow};
use super::runs::{ClaimRow, NodeRow, RunRow};
use async_trait::async_trait;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::time::Timestamp;

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
