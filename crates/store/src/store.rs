//! [`Store`] on any database.

use crate::database::Database;
use crate::definitions::PartRow;
use crate::history::records;
use crate::port::{
    AppRow, ClaimRow, CommitError, DefinitionRow, DocumentKey, DocumentRow, GrantRow, Group,
    GroupId, HistoryRow, NodeRow, Outcome, Partition, RefreshRow, RunRow, ScopeRow, SecretHash,
    Store, StoreError, Takeover, UserRow, Verified, VersionKey,
};
use crate::scopes::StoredScope;
use crate::session::Work;
use crate::work::{Forget, PutScope, Settle, TakeOver};
use crate::{
    apps, claims, commits, definitions, documents, grants, nodes, refresh, runs, scopes, users,
};
use async_trait::async_trait;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::time::Timestamp;

#[async_trait]
impl<D: Database> Store for D {
    async fn commit(&self, group: Group) -> Result<Vec<Outcome>, CommitError> {
        Database::commit(self, group).await
    }

    async fn was_committed(&self, id: GroupId) -> Result<Option<Vec<Outcome>>, StoreError> {
        written(self, Settle(id)).await
    }

    async fn take_over(&self, partition: Partition) -> Result<Takeover, StoreError> {
        written(self, TakeOver(partition)).await
    }

    async fn live_runs(&self, partition: Partition) -> Result<Vec<RunRow>, StoreError> {
        Database::list(self, runs::LIVE, &[partition.0.into()]).await
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        Database::find(self, runs::BY_KEY, &[key.0.into()]).await
    }

    async fn run_by_id(&self, tenant: &str, id: &RunId) -> Result<Option<RunRow>, StoreError> {
        Database::find(self, runs::BY_ID, &[tenant.into(), id.as_str().into()]).await
    }

    async fn members(&self, group: RunKey) -> Result<Vec<RunRow>, StoreError> {
        Database::list(self, runs::MEMBERS, &[group.0.into()]).await
    }

    async fn nodes(&self, run: RunKey) -> Result<Vec<NodeRow>, StoreError> {
        Database::list(self, nodes::OF_RUN, &[run.0.into()]).await
    }

    async fn recent_runs(
        &self,
        scope: &Scope,
        code: Option<&Code>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let [tenant, service, workspace] = scopes::values(scope);
        match code {
            Some(code) => {
                let values = [tenant, service, workspace, code.as_str().into(), limit.into()];
                Database::list(self, runs::RECENT_OF_CODE, &values).await
            }
            None => {
                Database::list(self, runs::RECENT, &[tenant, service, workspace, limit.into()])
                    .await
            }
        }
    }

    async fn history(
        &self,
        partition: Partition,
        run: Option<RunKey>,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let (partition, after_seq, limit) = (partition.0.into(), after_seq.into(), limit.into());
        match run {
            Some(key) => {
                Database::list(
                    self,
                    records::OF_RUN_AFTER,
                    &[key.0.into(), partition, after_seq, limit],
                )
                .await
            }
            None => Database::list(self, records::AFTER, &[partition, after_seq, limit]).await,
        }
    }

    async fn claim(
        &self,
        tenant: &str,
        client: &str,
        verb: &str,
        key: &str,
    ) -> Result<Option<ClaimRow>, StoreError> {
        Database::find(self, claims::FIND, &[tenant.into(), client.into(), verb.into(), key.into()])
            .await
    }

    async fn definition(
        &self,
        scope: &Scope,
        kind: Kind,
        code: &Code,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        let values = definitions::name_values(scope, kind.as_str(), code.as_str());
        Database::find(self, definitions::NEWEST, &values).await
    }

    async fn definition_version(
        &self,
        key: VersionKey,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        Database::find(self, definitions::BY_KEY, &[key.0.into()]).await
    }

    async fn definition_parts(&self, key: VersionKey) -> Result<Vec<Box<[u8]>>, StoreError> {
        let parts: Vec<PartRow> = Database::list(self, definitions::PARTS, &[key.0.into()]).await?;
        Ok(parts.into_iter().map(|part| part.bytes).collect())
    }

    async fn definitions(&self, scope: &Scope) -> Result<Vec<DefinitionRow>, StoreError> {
        Database::list(self, definitions::NEWEST_OF_SCOPE, &scopes::values(scope)).await
    }

    async fn scope_exists(&self, scope: &Scope) -> Result<bool, StoreError> {
        let found: Option<StoredScope> =
            Database::find(self, scopes::FIND, &scopes::values(scope)).await?;
        Ok(found.is_some())
    }

    async fn scopes(&self, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
        let stored: Vec<StoredScope> =
            Database::list(self, scopes::OF_TENANT, &[tenant.into()]).await?;
        Ok(stored.into_iter().map(|scope| scope.0).collect())
    }

    async fn put_scope(&self, scope: &Scope) -> Result<(), StoreError> {
        written(self, PutScope(scope.clone())).await
    }

    async fn user_by_name(&self, tenant: &str, name: &str) -> Result<Option<UserRow>, StoreError> {
        Database::find(self, users::BY_NAME, &[tenant.into(), name.into()]).await
    }

    async fn user_by_id(&self, tenant: &str, id: &str) -> Result<Option<UserRow>, StoreError> {
        Database::find(self, users::BY_ID, &[tenant.into(), id.into()]).await
    }

    async fn app(&self, client_id: &str) -> Result<Option<AppRow>, StoreError> {
        Database::find(self, apps::FIND, &[client_id.into()]).await
    }

    async fn users(
        &self,
        tenant: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<UserRow>, StoreError> {
        Database::list(self, users::AFTER, &[tenant.into(), after.into(), limit.into()]).await
    }

    async fn apps(&self, tenant: &str, after: &str, limit: u32) -> Result<Vec<AppRow>, StoreError> {
        Database::list(self, apps::AFTER, &[tenant.into(), after.into(), limit.into()]).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Option<DocumentRow>, StoreError> {
        Database::find(self, documents::FIND, &documents::name(key)).await
    }

    async fn documents(
        &self,
        kind: &str,
        tenant: &str,
        parent: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let (kind, tenant, after, limit) = (kind.into(), tenant.into(), after.into(), limit.into());
        match parent {
            Some(parent) => {
                let values = [kind, tenant, parent.into(), after, limit];
                Database::list(self, documents::LIST_OF_PARENT, &values).await
            }
            None => Database::list(self, documents::LIST, &[kind, tenant, after, limit]).await,
        }
    }

    async fn documents_of_all(
        &self,
        kind: &str,
        (tenant, after): (&str, &str),
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let values = [kind.into(), tenant.into(), after.into(), limit.into()];
        Database::list(self, documents::LIST_OF_ALL, &values).await
    }

    async fn grants(&self, tenant: &str, grantee: &str) -> Result<Vec<GrantRow>, StoreError> {
        Database::list(self, grants::OF_GRANTEE, &[tenant.into(), grantee.into()]).await
    }

    async fn all_grants(&self, tenant: &str) -> Result<Vec<GrantRow>, StoreError> {
        Database::list(self, grants::OF_TENANT, &[tenant.into()]).await
    }

    async fn refresh(&self, hash: SecretHash) -> Result<Option<RefreshRow>, StoreError> {
        Database::find(self, refresh::FIND, &[(&hash.0).into()]).await
    }

    async fn forget(&self, before: Timestamp) -> Result<(), StoreError> {
        for sql in [claims::FORGET, commits::FORGET, refresh::FORGET, documents::FORGET] {
            while written(self, Forget { sql, before }).await? > 0 {}
        }
        Ok(())
    }

    async fn usable(&self) -> Result<(), StoreError> {
        Database::usable(self).await
    }

    async fn verify(&self) -> Result<Verified, StoreError> {
        Database::verify(self).await
    }

    async fn close(&self) {
        Database::close(self).await;
    }
}

/// For work that may be repeated, it is all the same whether it was done before the answer was lost.
async fn written<D: Database, W: Work>(database: &D, work: W) -> Result<W::Done, StoreError> {
    database
        .write(work)
        .await
        .map_err(|(CommitError::NotDone(error) | CommitError::Unknown(error))| error)
}
