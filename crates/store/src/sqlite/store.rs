//! [`Store`] on SQLite. Whatever writes runs in a task of its own, so that a caller who gives up cannot cut a transaction short.

use crate::history::records;
use crate::partitions;
use crate::port::{
    AppRow, ClaimRow, CommitError, DefinitionRow, GrantRow, Group, GroupId, HistoryRow, NodeRow,
    Outcome, Partition, RefreshRow, RunRow, ScopeRow, SecretHash, Store, StoreError, Takeover,
    UserRow, Verified, VersionKey,
};
use crate::scopes::StoredScope;
use crate::sqlite::exec::{execute, find, list};
use crate::sqlite::open::{Shared, SqliteStore};
use crate::sqlite::{commit, verify};
use crate::values::and;
use crate::{
    apps, claims, commits, definitions, fingerprint, grants, nodes, refresh, runs, scopes, users,
};
use async_trait::async_trait;
use dayend_engine::codes::{Code, RunId, RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::time::Timestamp;
use std::sync::Arc;

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, group: Group) -> Result<Vec<Outcome>, CommitError> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move { commit::commit(&shared.writer, &group).await });
        task.await.unwrap_or_else(|error| Err(CommitError::Unknown(cut_short(&error))))
    }

    async fn was_committed(&self, id: GroupId) -> Result<Option<Vec<Outcome>>, StoreError> {
        let shared = Arc::clone(&self.shared);
        spawned(async move { commit::was_committed(&shared.writer, id).await }).await
    }

    async fn take_over(&self, partition: Partition) -> Result<Takeover, StoreError> {
        let shared = Arc::clone(&self.shared);
        spawned(async move { take_over(&shared, partition).await }).await
    }

    async fn live_runs(&self, partition: Partition) -> Result<Vec<RunRow>, StoreError> {
        list(&self.shared.readers, runs::LIVE, &[partition.0.into()]).await
    }

    async fn run_by_key(&self, key: RunKey) -> Result<Option<RunRow>, StoreError> {
        find(&self.shared.readers, runs::BY_KEY, &[key.0.into()]).await
    }

    async fn run_by_id(&self, tenant: &str, id: &RunId) -> Result<Option<RunRow>, StoreError> {
        find(&self.shared.readers, runs::BY_ID, &[tenant.into(), id.as_str().into()]).await
    }

    async fn members(&self, group: RunKey) -> Result<Vec<RunRow>, StoreError> {
        list(&self.shared.readers, runs::MEMBERS, &[group.0.into()]).await
    }

    async fn nodes(&self, run: RunKey) -> Result<Vec<NodeRow>, StoreError> {
        list(&self.shared.readers, nodes::OF_RUN, &[run.0.into()]).await
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
                list(&self.shared.readers, runs::RECENT_OF_CODE, &values).await
            }
            None => {
                list(
                    &self.shared.readers,
                    runs::RECENT,
                    &[tenant, service, workspace, limit.into()],
                )
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
                list(
                    &self.shared.readers,
                    records::OF_RUN_AFTER,
                    &[key.0.into(), partition, after_seq, limit],
                )
                .await
            }
            None => {
                list(&self.shared.readers, records::AFTER, &[partition, after_seq, limit]).await
            }
        }
    }

    async fn claim(
        &self,
        tenant: &str,
        client: &str,
        verb: &str,
        key: &str,
    ) -> Result<Option<ClaimRow>, StoreError> {
        find(
            &self.shared.readers,
            claims::FIND,
            &[tenant.into(), client.into(), verb.into(), key.into()],
        )
        .await
    }

    async fn definition(
        &self,
        scope: &Scope,
        kind: Kind,
        code: &Code,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        let values = definitions::name_values(scope, kind.as_str(), code.as_str());
        find(&self.shared.readers, definitions::NEWEST, &values).await
    }

    async fn definition_version(
        &self,
        key: VersionKey,
    ) -> Result<Option<DefinitionRow>, StoreError> {
        find(&self.shared.readers, definitions::BY_KEY, &[key.0.into()]).await
    }

    async fn definitions(&self, scope: &Scope) -> Result<Vec<DefinitionRow>, StoreError> {
        list(&self.shared.readers, definitions::NEWEST_OF_SCOPE, &scopes::values(scope)).await
    }

    async fn scope_exists(&self, scope: &Scope) -> Result<bool, StoreError> {
        let found: Option<StoredScope> =
            find(&self.shared.readers, scopes::FIND, &scopes::values(scope)).await?;
        Ok(found.is_some())
    }

    async fn scopes(&self, tenant: &str) -> Result<Vec<ScopeRow>, StoreError> {
        let stored: Vec<StoredScope> =
            list(&self.shared.readers, scopes::OF_TENANT, &[tenant.into()]).await?;
        Ok(stored.into_iter().map(|scope| scope.0).collect())
    }

    async fn put_scope(&self, scope: &Scope) -> Result<(), StoreError> {
        let (shared, scope) = (Arc::clone(&self.shared), scope.clone());
        spawned(async move { put_scope(&shared, &scope).await }).await
    }

    async fn user_by_name(&self, tenant: &str, name: &str) -> Result<Option<UserRow>, StoreError> {
        find(&self.shared.readers, users::BY_NAME, &[tenant.into(), name.into()]).await
    }

    async fn user_by_id(&self, tenant: &str, id: &str) -> Result<Option<UserRow>, StoreError> {
        find(&self.shared.readers, users::BY_ID, &[tenant.into(), id.into()]).await
    }

    async fn app(&self, client_id: &str) -> Result<Option<AppRow>, StoreError> {
        find(&self.shared.readers, apps::FIND, &[client_id.into()]).await
    }

    async fn grants(&self, tenant: &str, grantee: &str) -> Result<Vec<GrantRow>, StoreError> {
        list(&self.shared.readers, grants::OF_GRANTEE, &[tenant.into(), grantee.into()]).await
    }

    async fn refresh(&self, hash: SecretHash) -> Result<Option<RefreshRow>, StoreError> {
        find(&self.shared.readers, refresh::FIND, &[(&hash.0).into()]).await
    }

    async fn forget(&self, before: Timestamp) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        spawned(async move {
            for sql in [claims::FORGET, commits::FORGET, refresh::FORGET] {
                while forget_some(&shared, sql, before).await? > 0 {}
            }
            Ok(())
        })
        .await
    }

    async fn verify(&self) -> Result<Verified, StoreError> {
        verify::verify(&self.shared).await
    }

    async fn close(&self) {
        self.shared.close().await;
    }
}

async fn spawned<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(cut_short(&error)))
}

fn cut_short(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable(format!("the work was cut short ({error})"))
}

async fn take_over(shared: &Shared, partition: Partition) -> Result<Takeover, StoreError> {
    let mut turn = shared.writer.begin().await?;
    let grown = execute(turn.connection(), partitions::TAKE_OVER, &[partition.0.into()]).await;
    let takeover = match grown {
        Ok(_) => find(turn.connection(), partitions::TAKEOVER, &[partition.0.into()]).await,
        Err(error) => Err(error),
    };
    let takeover = takeover.and_then(|row| {
        row.ok_or_else(|| {
            StoreError::Inconsistent(format!("partition {} cannot be taken over", partition.0))
        })
    });
    turn.finish(takeover).await
}

async fn put_scope(shared: &Shared, scope: &Scope) -> Result<(), StoreError> {
    let values = scopes::values(scope);
    let seal = fingerprint::fingerprint(&values);
    let mut turn = shared.writer.begin().await?;
    let put = execute(turn.connection(), scopes::PUT, &and::<3, 4>(values, &seal)).await;
    turn.finish(put).await.map(|_| ())
}

/// Forgets a bounded number of rows, so that commits can go between.
async fn forget_some(
    shared: &Shared,
    sql: &'static str,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let mut turn = shared.writer.begin().await?;
    let forgotten = execute(turn.connection(), sql, &[before.into()]).await;
    turn.finish(forgotten).await
}
