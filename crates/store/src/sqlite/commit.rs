//! One group, one transaction, one fsync.

use crate::claims::{self, ClaimName, NewClaim};
use crate::columns::broken;
use crate::commits::{self, Outcomes, StoredOutcomes};
use crate::history::records::{self, Link};
use crate::partitions::{self, ChainHead, PartitionRow};
use crate::port::{
    CommitError, Group, GroupId, HistoryRecord, NewDefinition, NodeRow, Outcome, RunRow, RunState,
    StoreError, Write,
};
use crate::refresh::{self, NewToken};
use crate::runs::{self, NewRun};
use crate::sqlite::error::store_error;
use crate::sqlite::exec::{execute, execute_many, find, list_many};
use crate::sqlite::writer::Writer;
use crate::values::and;
use crate::{apps, definitions, fingerprint, grants, nodes, users};
use dayend_engine::codes::RunKey;
use sqlx::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet};

/// Makes the group durable.
pub(crate) async fn commit(writer: &Writer, group: &Group) -> Result<Vec<Outcome>, CommitError> {
    let mut turn = writer.begin().await.map_err(CommitError::NotDone)?;
    match apply(turn.connection(), group).await {
        Err(error) => {
            turn.rollback().await;
            Err(CommitError::NotDone(error))
        }
        Ok(outcomes) => match turn.commit().await {
            Ok(()) => Ok(outcomes),
            Err(error) => match was_committed(writer, group.id).await {
                Ok(Some(outcomes)) => Ok(outcomes),
                Ok(None) => Err(CommitError::NotDone(error)),
                Err(_) => Err(CommitError::Unknown(error)),
            },
        },
    }
}

/// Whether the group was committed, for good: when the disk refused to flush a commit, its pages may stand in the log,
/// and a crash would bring them back. So `None` is answered only after another write was flushed over them.
pub(crate) async fn was_committed(
    writer: &Writer,
    id: GroupId,
) -> Result<Option<Vec<Outcome>>, StoreError> {
    let mut turn = writer.begin().await?;
    let found: Result<Option<Outcomes>, StoreError> =
        find(turn.connection(), commits::FIND, &[id.0.into()]).await;
    match found {
        Ok(Some(Outcomes(outcomes))) => {
            turn.rollback().await;
            Ok(Some(outcomes))
        }
        Ok(None) => {
            let settled = execute(turn.connection(), partitions::SETTLE, &[]).await;
            turn.finish(settled).await.map(|_| None)
        }
        Err(error) => turn.finish(Err(error)).await,
    }
}

async fn apply(
    connection: &mut SqliteConnection,
    group: &Group,
) -> Result<Vec<Outcome>, StoreError> {
    let found = find(&mut *connection, partitions::FIND, &[group.partition.0.into()]).await?;
    let partition: PartitionRow = found.ok_or_else(|| {
        StoreError::Inconsistent(format!("partition {} was never taken over", group.partition.0))
    })?;
    let owned = partition.epoch == group.epoch;
    let lost_claims = take_claims(connection, group, owned).await?;
    let mut outcomes = Vec::with_capacity(group.writes.len());
    for (index, write) in group.writes.iter().enumerate() {
        let applied = if matches!(write, Write::Runs { .. }) {
            owned && !lost_claims.contains(&index)
        } else {
            apply_rare(connection, write).await?
        };
        outcomes.push(if applied { Outcome::Applied } else { Outcome::LostRace });
    }
    note_commit(connection, group, &outcomes).await?;
    let batch = Batch::of(group, &outcomes);
    batch.write(connection, group).await?;
    let head = append(connection, group, &partition.head, &batch.history).await?;
    let created_ms = batch.new.iter().map(|run| runs::created_ms(run)).max().unwrap_or_default();
    let ends = [
        group.partition.0.into(),
        head.seq.into(),
        (&head.hash).into(),
        group.id.0.into(),
        created_ms.into(),
    ];
    execute(connection, partitions::ADVANCE, &ends).await?;
    Ok(outcomes)
}

async fn note_commit(
    connection: &mut SqliteConnection,
    group: &Group,
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    let stored = StoredOutcomes::of(outcomes);
    let values = [
        group.id.0.into(),
        group.partition.0.into(),
        group.at.into(),
        stored.writes.into(),
        stored.lost.as_str().into(),
    ];
    execute(connection, commits::INSERT, &values).await.map(drop)
}

/// Claims the keys of all runs that may be written, and answers with the places of the writes whose key is taken.
async fn take_claims(
    connection: &mut SqliteConnection,
    group: &Group,
    owned: bool,
) -> Result<BTreeSet<usize>, StoreError> {
    let mut first: BTreeMap<ClaimName<'_>, usize> = BTreeMap::new();
    let mut wanted = Vec::new();
    let mut lost = BTreeSet::new();
    for (index, write) in group.writes.iter().enumerate() {
        let Write::Runs { claim: Some(claim), .. } = write else { continue };
        if !owned || first.contains_key(&claims::name(claim)) {
            lost.insert(index);
        } else {
            first.insert(claims::name(claim), index);
            wanted.push(NewClaim::new(group, claim));
        }
    }
    let taken: Vec<(String, String, String, String)> =
        list_many(connection, &claims::TAKE_MANY, &wanted, NewClaim::values).await?;
    let mut refused = first;
    for (tenant, client, verb, key) in &taken {
        refused.remove(&(tenant.as_str(), client.as_str(), verb.as_str(), key.as_str()));
    }
    lost.extend(refused.into_values());
    Ok(lost)
}

/// Applies a write that is not part of running batches, statement by statement.
async fn apply_rare(connection: &mut SqliteConnection, write: &Write) -> Result<bool, StoreError> {
    match write {
        Write::Define { rows, .. } => define(connection, rows).await,
        Write::PutUser { user, .. } => {
            let names =
                [user.tenant.as_str().into(), user.name.as_str().into(), user.id.as_str().into()];
            let namesakes: Option<(i64,)> = find(&mut *connection, users::NAMESAKE, &names).await?;
            if namesakes.is_some_and(|(count,)| count > 0) {
                return Ok(false);
            }
            let values = users::values(user);
            let seal = fingerprint::fingerprint(&values);
            execute(connection, users::PUT, &and::<7, 8>(values, &seal)).await.map(|_| true)
        }
        Write::PutApp { app, .. } => {
            let values = apps::values(app);
            let seal = fingerprint::fingerprint(&values);
            execute(connection, apps::PUT, &and::<8, 9>(values, &seal)).await.map(|_| true)
        }
        Write::PutGrant { grant, .. } => {
            let values = grants::values(grant);
            if !grant.granted {
                return execute(connection, grants::DELETE, &values).await.map(|_| true);
            }
            let seal = fingerprint::fingerprint(&values);
            execute(connection, grants::PUT, &and::<5, 6>(values, &seal)).await.map(|_| true)
        }
        Write::IssueRefresh { token, .. } => {
            let inserted =
                execute(connection, refresh::INSERT, &NewToken::new(token, None).values()).await?;
            Ok(inserted == 1)
        }
        Write::SpendRefresh { hash, successor, .. } => {
            let spent = execute(
                connection,
                refresh::SPEND,
                &[(&hash.0).into(), (&successor.hash.0).into()],
            )
            .await?;
            if spent == 1 {
                execute(
                    connection,
                    refresh::INSERT,
                    &NewToken::new(successor, Some(*hash)).values(),
                )
                .await?;
            }
            Ok(spent == 1)
        }
        Write::RevokeFamily { family, .. } => {
            execute(connection, refresh::REVOKE_FAMILY, &[family.as_str().into()])
                .await
                .map(|_| true)
        }
        Write::Audit { .. } => Ok(true),
        Write::Runs { .. } => Err(store_error(broken("runs are written together".to_owned()))),
    }
}

async fn define(
    connection: &mut SqliteConnection,
    rows: &[NewDefinition],
) -> Result<bool, StoreError> {
    let mut names = BTreeSet::new();
    for row in rows {
        let name = definitions::name_values(&row.scope, row.kind.as_str(), row.code.as_str());
        let newest: Option<(i64,)> =
            find(&mut *connection, definitions::NEWEST_VERSION, &name).await?;
        let unique = names.insert((&row.scope, row.kind, &row.code));
        if !unique || newest.map_or(0, |(version,)| version) != row.expected {
            return Ok(false);
        }
    }
    for row in rows {
        let stored = definitions::stored(row);
        let seal = definitions::seal(&stored);
        execute(connection, definitions::INSERT, &definitions::values(&stored, &seal)).await?;
    }
    Ok(true)
}

/// All rows of the applied writes, each once and as it is after the last of them.
#[derive(Default)]
struct Batch<'g> {
    new: Vec<&'g RunRow>,
    states: Vec<(RunKey, &'g RunState)>,
    nodes: Vec<&'g NodeRow>,
    history: Vec<&'g HistoryRecord>,
}

impl<'g> Batch<'g> {
    fn of(group: &'g Group, outcomes: &[Outcome]) -> Self {
        let mut batch = Self::default();
        let applied =
            group.writes.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Applied);
        for (write, _) in applied {
            batch.add(write);
        }
        // In the order of their keys: neighbours share a page, and every group locks in the same order.
        keep_last(&mut batch.states, |(key, _)| *key);
        keep_last(&mut batch.nodes, |node| (node.run, node.node));
        batch
    }

    fn add(&mut self, write: &'g Write) {
        match write {
            Write::Runs { new, changed, nodes, history, .. } => {
                self.new.extend(new);
                self.states.extend(new.iter().map(|run| (run.key, &run.state)));
                self.states.extend(changed.iter().map(|change| (change.key, &change.state)));
                self.nodes.extend(nodes);
                self.history.extend(history);
            }
            Write::Define { history, .. }
            | Write::PutUser { history, .. }
            | Write::PutApp { history, .. }
            | Write::PutGrant { history, .. }
            | Write::IssueRefresh { history, .. }
            | Write::SpendRefresh { history, .. }
            | Write::RevokeFamily { history, .. }
            | Write::Audit { history } => self.history.push(history),
        }
    }

    async fn write(
        &self,
        connection: &mut SqliteConnection,
        group: &Group,
    ) -> Result<(), StoreError> {
        let new: Vec<NewRun<'_>> = self.new.iter().map(|run| NewRun::new(group, run)).collect();
        execute_many(connection, &runs::INSERT_MANY, &new, NewRun::values).await?;
        execute_many(connection, &runs::PUT_STATES, &self.states, |(key, state)| {
            runs::state_values(group, *key, state)
        })
        .await?;
        execute_many(connection, &nodes::PUT_MANY, &self.nodes, |node| nodes::values(group, node))
            .await
    }
}

/// Sorts by key; of rows with the same key only the last one stays.
fn keep_last<T: Copy, K: Ord>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    rows.reverse();
    rows.sort_by_key(&key);
    rows.dedup_by_key(|row| key(row));
}

/// Appends the records to the chain and answers with its new end.
async fn append(
    connection: &mut SqliteConnection,
    group: &Group,
    head: &ChainHead,
    history: &[&HistoryRecord],
) -> Result<ChainHead, StoreError> {
    let mut head = *head;
    let links: Vec<Link<'_>> = history
        .iter()
        .map(|record| {
            let link = Link::after(&head, group.partition, group.epoch.0, record);
            head = link.head();
            link
        })
        .collect();
    execute_many(connection, &records::INSERT_MANY, &links, Link::values).await?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_rows_with_one_key_stays() {
        let mut rows = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (3, 'e')];
        keep_last(&mut rows, |row| row.0);
        assert_eq!(rows, [(1, 'd'), (2, 'c'), (3, 'e')]);
    }
}
