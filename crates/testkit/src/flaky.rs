//! A real store that fails as the test says: before a commit, behind it, or only in its answer.

use async_trait::async_trait;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    AppRow, ClaimRow, CommitError, DefinitionRow, DocumentKey, DocumentRow, GrantRow, Group,
    GroupId, HistoryRow, NodeRow, Outcome, Partition, RefreshRow, RunRow, ScopeRow, SecretHash,
    Store, StoreError, Takeover, UserRow, Verified, VersionKey,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What becomes of one commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Written, and answered.
    #[default]
    Done,
    /// Not written, and answered so.
    NotDone,
    /// Written, but the answer is lost.
    DoneUnknown,
    /// Not written, and the answer is lost.
    NotDoneUnknown,
}

/// The store. Without a script it does what the real one does.
pub struct Flaky {
    inner: Arc<dyn Store>,
    state: Mutex<State>,
    /// Commits that the test lets through; none: all.
    tickets: watch::Sender<Option<u64>>,
    /// Commits that have come so far.
    arrived: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Fate>,
    otherwise: Fate,
    reads_fail: bool,
    stale_claims: u32,
    reads: u64,
    fates: Vec<Fate>,
}

impl std::fmt::Debug for Flaky {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Flaky").field("arrived", &*self.arrived.borrow()).finish_non_exhaustive()
    }
}

impl Flaky {
    /// Wraps a store.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            state: Mutex::default(),
            tickets: watch::Sender::new(None),
            arrived: watch::Sender::new(0),
        })
    }

    /// The fates of the next commits, in order.
    pub fn script(&self, fates: &[Fate]) {
        self.state().script.extend(fates);
    }

    /// Forgets the script.
    pub fn clear_script(&self) {
        self.state().script.clear();
    }

    /// The fate of all commits for which there is no script.
    pub fn otherwise(&self, fate: Fate) {
        self.state().otherwise = fate;
    }

    /// Whether reads fail, and the question what became of a group.
    pub fn reads_fail(&self, fail: bool) {
        self.state().reads_fail = fail;
    }

    /// How many reads have begun so far.
    pub fn reads(&self) -> u64 {
        self.state().reads
    }

    /// The next reads of idempotency keys find none, as if they had come before the last commits.
    pub fn stale_claims(&self, reads: u32) {
        self.state().stale_claims = reads;
    }

    /// From now on commits wait until they are let through.
    pub fn hold(&self) {
        self.tickets.send_replace(Some(0));
    }

    /// Lets one more commit through.
    pub fn let_one_through(&self) {
        self.tickets.send_modify(|tickets| *tickets = Some(tickets.unwrap_or_default() + 1));
    }

    /// Holds no commit any more.
    pub fn let_go(&self) {
        self.tickets.send_replace(None);
    }

    /// How many commits have come so far.
    pub fn arrived(&self) -> u64 {
        *self.arrived.borrow()
    }

    /// Resolves when more than `earlier` commits have come.
    pub async fn arrived_after(&self, earlier: u64) {
        let mut arrived = self.arrived.subscribe();
        arrived.wait_for(|count| *count > earlier).await.expect("the sender lives in self");
    }

    /// What became of the commits so far.
    pub fn fates(&self) -> Vec<Fate> {
        self.state().fates.clone()
    }

    async fn admitted(&self) {
        let mut tickets = self.tickets.subscribe();
        let admit = |tickets: &Option<u64>| tickets.is_none_or(|left| left > 0);
        tickets.wait_for(admit).await.expect("the sender lives in self");
        self.tickets.send_modify(|tickets| {
            *tickets = tickets.map(|left| left.saturating_sub(1));
        });
    }

    fn next_fate(&self) -> Fate {
        let mut state = self.state();
        let fate = state.script.pop_front().unwrap_or(state.otherwise);
        state.fates.push(fate);
        fate
    }

    fn read(&self) -> Result<&dyn Store, StoreError> {
        let mut state = self.state();
        state.reads += 1;
        if state.reads_fail {
            return Err(StoreError::Unavailable("the test lets reads fail".to_owned()));
        }
        Ok(self.inner.as_ref())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken() -> StoreError {
    StoreError::Unavailable("the test lets the commit fail".to_owned())
}

#[async_trait]
impl Store for Flaky {
    async fn commit(&self, group: Group) -> Result<Vec<Outcome>, CommitError> {
        self.arrived.send_modify(|count| *count += 1);
        self.admitted().await;
        match self.next_fate() {
            Fate::Done => self.inner.commit(group).await,
            Fate::NotDone => Err(CommitError::NotDone(broken())),
            Fate::NotDoneUnknown => Err(CommitError::Unknown(broken())),
            Fate::DoneUnknown => {
                self.inner.commit(group).await?;
                Err(CommitError::Unknown(broken()))
            }
        }
    }

    async fn was_committed(&self, id: GroupId) -> Result<Option<Vec<Outcome>>, StoreError> {
        self.read()?.was_committed(id).await
    }

    async fn take_over(&self, partition: Partition) -> Result<Takeover, StoreError> {
        self.inner.take_over(partition).await
    }

    async fn live_runs(&self, partition: Partition) -> Result<Vec<RunRow>, StoreError> {
        self.read()?.live_runs(partition).await
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        self.read()?.run_by_key(key).await
    }

    async fn run_by_id(&self, tenant: &str, id: &RunId) -> Result<Option<RunRow>, StoreError> {
        self.read()?.run_by_id(tenant, id).await
    }

    async fn members(&self, group: RunKey) -> Result<Vec<RunRow>, StoreError> {
        self.read()?.members(group).await
    }

    async fn nodes(&self, run: RunKey) -> Result<Vec<NodeRow>, StoreError> {
        self.read()?.nodes(run).await
    }

    async fn recent_runs(
        &self,
        scope: &Scope,
        code: Option<&Code>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        self.read()?.recent_runs(scope, code, limit).await
    }

    async fn history(
        &self,
        partition: Partition,
        run: Option<RunKey>,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        self.read()?.history(partition, run, after_seq, limit).await
    }

    async fn claim(
        &self,
        tenant: &str,
        client: &str,
        verb: &str,
        key: &str,
    ) -> Result<Option<ClaimRow>, StoreError> {
        let found = self.read()?.claim(tenant, client, verb, key).await;
        let mut state = self.state();
        if state.stale_claims > 0 {
            state.stale_claims -= 1;
            return Ok(None);
        }
        found
    }

    async fn definition(
        &self,
        scope: &Scope,
        kind: Kind,
        code: &Code,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        self.read()?.definition(scope, kind, code).await
    }

    async fn definition_version(
        &self,
        key: VersionKey,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        self.read()?.definition_version(key).await
    }

    async fn definition_parts(&self, key: VersionKey) -> Result<Vec<Box<[u8]>>, StoreError> {
        self.read()?.definition_parts(key).await
    }

    async fn definitions(&self, scope: &Scope) -> Result<Vec<DefinitionRow>, StoreError> {
        self.read()?.definitions(scope).await
    }

    async fn scope_exists(&self, scope: &Scope) -> Result<bool, StoreError> {
        self.read()?.scope_exists(scope).await
    }

    async fn scopes(&self, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
        self.read()?.scopes(tenant).await
    }

    async fn put_scope(&self, scope: &Scope) -> Result<(), StoreError> {
        self.inner.put_scope(scope).await
    }

    async fn user_by_name(&self, tenant: &str, name: &str) -> Result<Option<UserRow>, StoreError> {
        self.read()?.user_by_name(tenant, name).await
    }

    async fn user_by_id(&self, tenant: &str, id: &str) -> Result<Option<UserRow>, StoreError> {
        self.read()?.user_by_id(tenant, id).await
    }

    async fn app(&self, client_id: &str) -> Result<Option<AppRow>, StoreError> {
        self.read()?.app(client_id).await
    }

    async fn users(
        &self,
        tenant: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<UserRow>, StoreError> {
        self.read()?.users(tenant, after, limit).await
    }

    async fn apps(&self, tenant: &str, after: &str, limit: u32) -> Result<Vec<AppRow>, StoreError> {
        self.read()?.apps(tenant, after, limit).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Option<DocumentRow>, StoreError> {
        self.read()?.document(key).await
    }

    async fn documents(
        &self,
        kind: &str,
        tenant: &str,
        parent: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.read()?.documents(kind, tenant, parent, after, limit).await
    }

    async fn documents_of_all(
        &self,
        kind: &str,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.read()?.documents_of_all(kind, after, limit).await
    }

    async fn grants(&self, tenant: &str, grantee: &str) -> Result<Vec<GrantRow>, StoreError> {
        self.read()?.grants(tenant, grantee).await
    }

    async fn all_grants(&self, tenant: &str) -> Result<Vec<GrantRow>, StoreError> {
        self.read()?.all_grants(tenant).await
    }

    async fn refresh(&self, hash: SecretHash) -> Result<Option<RefreshRow>, StoreError> {
        self.read()?.refresh(hash).await
    }

    async fn forget(&self, before: Timestamp) -> Result<(), StoreError> {
        self.inner.forget(before).await
    }

    async fn verify(&self) -> Result<Verified, StoreError> {
        self.inner.verify().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
