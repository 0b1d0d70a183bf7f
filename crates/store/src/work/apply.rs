//! One group, one transaction, one fsync.

use crate::claims::{self, ClaimName, NewClaim, Taken};
use crate::commits::{self, StoredOutcomes};
use crate::history::records::{self, Link};
use crate::nodes::{self, NewNode};
use crate::partitions::{self, ChainHead, PartitionRow};
use crate::port::{Group, HistoryRecord, NewDefinition, Outcome, RunRow, StoreError, Write};
use crate::refresh::{self, NewToken};
use crate::runs::{self, NewRun, NewState};
use crate::session::{Session, Work};
use crate::values::{Row as _, and};
use crate::{apps, definitions, documents, fingerprint, grants, users};
use std::collections::{BTreeMap, BTreeSet};

/// Applies a group.
pub(crate) struct Apply(pub(crate) Group);

impl Work for Apply {
    type Done = Vec<Outcome>;

    async fn run<S: Session>(&self, session: &mut S) -> Result<Vec<Outcome>, StoreError> {
        apply(session, &self.0).await
    }
}

async fn apply(session: &mut impl Session, group: &Group) -> Result<Vec<Outcome>, StoreError> {
    let found = session.find(partitions::FIND, &[group.partition.0.into()]).await?;
    let partition: PartitionRow = found.ok_or_else(|| {
        StoreError::Inconsistent(format!("partition {} was never taken over", group.partition.0))
    })?;
    let owned = partition.epoch == group.epoch;
    let lost_claims = take_claims(session, group, owned).await?;
    let mut outcomes = Vec::with_capacity(group.writes.len());
    for (index, write) in group.writes.iter().enumerate() {
        let applied = if matches!(write, Write::Runs { .. }) {
            owned && !lost_claims.contains(&index)
        } else {
            apply_rare(session, write).await?
        };
        outcomes.push(if applied { Outcome::Applied } else { Outcome::LostRace });
    }
    note_commit(session, group, &outcomes).await?;
    let batch = Batch::of(group, &outcomes);
    batch.write(session, group).await?;
    let head = append(session, group, &partition.head, &batch.history).await?;
    let created_ms = batch.new.iter().map(|run| runs::created_ms(run)).max().unwrap_or_default();
    let ends = [
        group.partition.0.into(),
        head.seq.into(),
        (&head.hash).into(),
        group.id.0.into(),
        created_ms.into(),
    ];
    session.execute(partitions::ADVANCE, &ends).await?;
    Ok(outcomes)
}

async fn note_commit(
    session: &mut impl Session,
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
    session.execute(commits::INSERT, &values).await.map(drop)
}

/// Claims the keys of all runs that may be written, and answers with the places of the writes whose key is taken.
async fn take_claims(
    session: &mut impl Session,
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
    let taken: Vec<Taken> = session.list_many(&claims::TAKE_MANY, &wanted).await?;
    let mut refused = first;
    for claim in &taken {
        refused.remove(&claim.name());
    }
    lost.extend(refused.into_values());
    Ok(lost)
}

/// Applies a write that is not part of running batches, statement by statement.
async fn apply_rare(session: &mut impl Session, write: &Write) -> Result<bool, StoreError> {
    let Write::Change { documents, with } = write else {
        return apply_single(session, write).await;
    };
    // Guards first: what cannot be applied whole must leave nothing.
    if !documents::hold(session, documents).await? || !apply_single(session, with).await? {
        return Ok(false);
    }
    documents::apply(session, documents).await.map(|()| true)
}

async fn apply_single(session: &mut impl Session, write: &Write) -> Result<bool, StoreError> {
    match write {
        Write::Define { rows, .. } => define(session, rows).await,
        Write::PutUser { user, .. } => {
            let names =
                [user.tenant.as_str().into(), user.name.as_str().into(), user.id.as_str().into()];
            let namesakes: Option<(i64,)> = session.find(users::NAMESAKE, &names).await?;
            if namesakes.is_some_and(|(count,)| count > 0) {
                return Ok(false);
            }
            let values = users::values(user);
            let seal = fingerprint::fingerprint(&values);
            session.execute(users::PUT, &and::<7, 8>(values, &seal)).await.map(|_| true)
        }
        Write::PutApp { app, .. } => {
            let values = apps::values(app);
            let seal = fingerprint::fingerprint(&values);
            session.execute(apps::PUT, &and::<8, 9>(values, &seal)).await.map(|_| true)
        }
        Write::PutGrant { grant, .. } => {
            let values = grants::values(grant);
            if !grant.granted {
                return session.execute(grants::DELETE, &values).await.map(|_| true);
            }
            let seal = fingerprint::fingerprint(&values);
            session.execute(grants::PUT, &and::<5, 6>(values, &seal)).await.map(|_| true)
        }
        Write::IssueRefresh { token, .. } => {
            let inserted =
                session.execute(refresh::INSERT, &NewToken::new(token, None).values()).await?;
            Ok(inserted == 1)
        }
        Write::SpendRefresh { hash, successor, .. } => {
            let spent = session
                .execute(refresh::SPEND, &[(&hash.0).into(), (&successor.hash.0).into()])
                .await?;
            if spent == 1 {
                session
                    .execute(refresh::INSERT, &NewToken::new(successor, Some(*hash)).values())
                    .await?;
            }
            Ok(spent == 1)
        }
        Write::RevokeFamily { family, .. } => {
            session.execute(refresh::REVOKE_FAMILY, &[family.as_str().into()]).await.map(|_| true)
        }
        Write::DeleteUser { tenant, id, .. } => {
            let values = [tenant.as_str().into(), id.as_str().into()];
            session.execute(users::DELETE, &values).await.map(|deleted| deleted == 1)
        }
        Write::DeleteApp { tenant, client_id, .. } => {
            let values = [tenant.as_str().into(), client_id.as_str().into()];
            session.execute(apps::DELETE, &values).await.map(|deleted| deleted == 1)
        }
        Write::Audit { .. } => Ok(true),
        Write::Change { .. } => {
            Err(StoreError::Inconsistent("a change of documents holds another one".to_owned()))
        }
        Write::Runs { .. } => Err(StoreError::Inconsistent("runs are written together".to_owned())),
    }
}

async fn define(session: &mut impl Session, rows: &[NewDefinition]) -> Result<bool, StoreError> {
    let mut names = BTreeSet::new();
    for row in rows {
        let name = definitions::name_values(&row.scope, row.kind.as_str(), row.code.as_str());
        let newest: Option<(i64,)> = session.find(definitions::NEWEST_VERSION, &name).await?;
        let unique = names.insert((&row.scope, row.kind, &row.code));
        if !unique || newest.map_or(0, |(version,)| version) != row.expected {
            return Ok(false);
        }
    }
    for row in rows {
        let stored = definitions::stored(row);
        let seal = definitions::seal(&stored);
        session.execute(definitions::INSERT, &definitions::values(&stored, &seal)).await?;
        for (number, bytes) in (0..).zip(row.content.parts.iter()) {
            let seal = definitions::seal_part(row.key, number, bytes);
            let values = definitions::part_values(row.key, number, bytes, &seal);
            session.execute(definitions::INSERT_PART, &values).await?;
        }
    }
    Ok(true)
}

/// All rows of the applied writes, each once and as it is after the last of them.
#[derive(Default)]
struct Batch<'g> {
    new: Vec<&'g RunRow>,
    states: Vec<NewState<'g>>,
    nodes: Vec<NewNode<'g>>,
    history: Vec<&'g HistoryRecord>,
}

impl<'g> Batch<'g> {
    fn of(group: &'g Group, outcomes: &[Outcome]) -> Self {
        let mut batch = Self::default();
        let applied =
            group.writes.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Applied);
        for (write, _) in applied {
            batch.add(group, write);
        }
        // In the order of their keys: neighbours share a page, and every group locks in the same order.
        keep_last(&mut batch.states, |state| state.key);
        keep_last(&mut batch.nodes, |node| (node.row.run, node.row.node));
        batch
    }

    fn add(&mut self, group: &'g Group, write: &'g Write) {
        self.history.extend(write.history());
        let Write::Runs { new, changed, nodes, .. } = write else { return };
        self.new.extend(new);
        let of_new = new.iter().map(|run| NewState { group, key: run.key, state: &run.state });
        let of_changed =
            changed.iter().map(|change| NewState { group, key: change.key, state: &change.state });
        self.states.extend(of_new.chain(of_changed));
        self.nodes.extend(nodes.iter().map(|row| NewNode { group, row }));
    }

    async fn write(&self, session: &mut impl Session, group: &Group) -> Result<(), StoreError> {
        let new: Vec<NewRun<'_>> = self.new.iter().map(|run| NewRun::new(group, run)).collect();
        session.execute_many(&runs::INSERT_MANY, &new).await?;
        session.execute_many(&runs::PUT_STATES, &self.states).await?;
        session.execute_many(&nodes::PUT_MANY, &self.nodes).await
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
    session: &mut impl Session,
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
    session.execute_many(&records::INSERT_MANY, &links).await?;
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
