//! A store in memory with the guards of the real ones; reads can be made to fail. It has no people: everybody may do
//! everything.

use super::tables::Tables;
use async_trait::async_trait;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::time::Timestamp;
use dayend_identity::caller::Function;
use dayend_store::port::{
    AppRow, ClaimRow, CommitError, DefinitionRow, DocumentKey, DocumentRow, GrantRow, Group,
    GroupId, HistoryRow, NodeRow, Outcome, OwnerEpoch, Partition, RefreshRow, RunRow, ScopeRow,
    SecretHash, Store, StoreError, Takeover, UserRow, Verified, VersionKey,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct ModelStore {
    tables: Mutex<Tables>,
    unavailable: AtomicBool,
}

/// An empty store.
pub fn memory_store() -> Arc<dyn Store> {
    Arc::new(ModelStore::default())
}

impl ModelStore {
    /// What is committed.
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_unavailable(&self, unavailable: bool) {
        self.unavailable.store(unavailable, Ordering::Relaxed);
    }

    fn read(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        if self.unavailable.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the disk does not answer".to_owned()));
        }
        Ok(self.tables())
    }
}

/// Nothing in the simulation asks for it.
fn unused<T>() -> Result<T, StoreError> {
    Err(StoreError::Unsupported("the model store has runs and definitions only".to_owned()))
}

#[async_trait]
impl Store for ModelStore {
    async fn commit(&self, group: Group) -> Result<Vec<Outcome>, CommitError> {
        Ok(self.tables().commit(&group))
    }

    async fn was_committed(&self, id: GroupId) -> Result<Option<Vec<Outcome>>, StoreError> {
        Ok(self.read()?.commits.get(&id).cloned())
    }

    async fn take_over(&self, partition: Partition) -> Result<Takeover, StoreError> {
        let mut tables = self.read()?;
        tables.epoch += 1;
        Ok(Takeover {
            partition,
            epoch: OwnerEpoch(tables.epoch),
            last_run: tables.runs.last_key_value().map_or(RunKey(0), |(key, _)| *key),
            last_version: tables
                .definitions
                .last_key_value()
                .map_or(VersionKey(0), |(key, _)| *key),
            last_group: GroupId(tables.last_group.max(tables.epoch << 40)),
            last_created_ms: tables.last_created_ms,
        })
    }

    async fn live_runs(&self, _: Partition) -> Result<Vec<RunRow>, StoreError> {
        let tables = self.read()?;
        let mut live: Vec<RunRow> =
            tables.runs.values().filter(|row| !row.state.ended).cloned().collect();
        live.sort_by_key(|row| {
            (row.parent.map_or(row.key, |(group, _)| group), row.parent.is_some(), row.key)
        });
        Ok(live)
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        Ok(self.read()?.runs.get(&key).cloned())
    }

    async fn run_by_id(&self, _: &str, id: &RunId) -> Result<Option<RunRow>, StoreError> {
        Ok(self.read()?.runs.values().find(|row| row.run_id == *id).cloned())
    }

    async fn members(&self, group: RunKey) -> Result<Vec<RunRow>, StoreError> {
        Ok(self.read()?.members(group).into_iter().cloned().collect())
    }

    async fn nodes(&self, run: RunKey) -> Result<Vec<NodeRow>, StoreError> {
        let tables = self.read()?;
        Ok(tables.nodes.get(&run).into_iter().flat_map(|nodes| nodes.values().cloned()).collect())
    }

    async fn recent_runs(
        &self,
        _: &Scope,
        code: Option<&Code>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let tables = self.read()?;
        let wanted = |row: &&RunRow| code.is_none_or(|code| row.code == *code);
        Ok(tables.runs.values().rev().filter(wanted).take(limit as usize).cloned().collect())
    }

    async fn history(
        &self,
        _: Partition,
        run: Option<RunKey>,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let tables = self.read()?;
        let wanted = |row: &&HistoryRow| {
            row.seq > after_seq && run.is_none_or(|run| row.record.run == Some(run))
        };
        Ok(tables.history.iter().filter(wanted).take(limit as usize).cloned().collect())
    }

    async fn claim(
        &self,
        tenant: &str,
        client: &str,
        verb: &str,
        key: &str,
    ) -> Result<Option<ClaimRow>, StoreError> {
        let name = (tenant.to_owned(), client.to_owned(), verb.to_owned(), key.to_owned());
        Ok(self.read()?.claims.get(&name).cloned())
    }

    async fn definition(
        &self,
        _: &Scope,
        kind: Kind,
        code: &Code,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        let tables = self.read()?;
        let same = |row: &&DefinitionRow| row.kind == kind && row.code == *code;
        Ok(tables.definitions.values().filter(same).max_by_key(|row| row.version).cloned())
    }

    async fn definition_version(
        &self,
        key: VersionKey,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        Ok(self.read()?.definitions.get(&key).cloned())
    }

    async fn definition_parts(&self, key: VersionKey) -> Result<Vec<Box<[u8]>>, StoreError> {
        Ok(self
            .read()?
            .contents
            .get(&key)
            .map(|content| content.parts.to_vec())
            .unwrap_or_default())
    }

    async fn definitions(&self, _: &Scope) -> Result<Vec<DefinitionRow>, StoreError> {
        Ok(self.read()?.definitions.values().cloned().collect())
    }

    async fn scope_exists(&self, _: &Scope) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn scopes(&self, _: &str) -> Result<Vec<ScopeRow>, StoreError> {
        unused()
    }

    async fn put_scope(&self, _: &Scope) -> Result<(), StoreError> {
        Ok(())
    }

    async fn user_by_name(&self, _: &str, _: &str) -> Result<Option<UserRow>, StoreError> {
        unused()
    }

    async fn user_by_id(&self, _: &str, _: &str) -> Result<Option<UserRow>, StoreError> {
        unused()
    }

    async fn app(&self, _: &str) -> Result<Option<AppRow>, StoreError> {
        unused()
    }

    async fn users(&self, _: &str, _: &str, _: u32) -> Result<Vec<UserRow>, StoreError> {
        unused()
    }

    async fn apps(&self, _: &str, _: &str, _: u32) -> Result<Vec<AppRow>, StoreError> {
        unused()
    }

    async fn document(&self, _: &DocumentKey) -> Result<Option<DocumentRow>, StoreError> {
        unused()
    }

    async fn documents(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
        _: &str,
        _: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn documents_of_all(
        &self,
        _: &str,
        _: (&str, &str),
        _: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        unused()
    }

    async fn grants(&self, tenant: &str, grantee: &str) -> Result<Vec<GrantRow>, StoreError> {
        let anything = |function: &Function| GrantRow {
            tenant: tenant.to_owned(),
            grantee: grantee.to_owned(),
            service: "*".to_owned(),
            workspace: "*".to_owned(),
            function: function.as_str().to_owned(),
            granted: true,
        };
        Ok(Function::ALL.iter().map(anything).collect())
    }

    async fn all_grants(&self, _: &str) -> Result<Vec<GrantRow>, StoreError> {
        unused()
    }

    async fn refresh(&self, _: SecretHash) -> Result<Option<RefreshRow>, StoreError> {
        unused()
    }

    async fn forget(&self, _: Timestamp) -> Result<(), StoreError> {
        unused()
    }

    async fn verify(&self) -> Result<Verified, StoreError> {
        unused()
    }

    async fn close(&self) {}
}
