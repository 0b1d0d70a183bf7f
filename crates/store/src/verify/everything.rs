//! Reads everything once and holds it against our rules.

use crate::definitions::PartRow;
use crate::history::records;
use crate::partitions::{self, PartitionRow};
use crate::port::{
    AppRow, ClaimRow, DefinitionRow, DocumentRow, GrantRow, HistoryRow, NodeRow, RefreshRow,
    RunRow, StoreError, UserRow, Verified,
};
use crate::scopes::StoredScope;
use crate::session::{Session, Stored};
use crate::verify::{CONTRADICTIONS, Chain, Defects, Replay};
use crate::{apps, claims, definitions, documents, grants, nodes, refresh, runs, scopes, users};
use dayend_engine::codes::RunKey;

/// Checks everything that `session` sees; it should see one instant.
pub(crate) async fn check(session: &mut impl Session) -> Result<Verified, StoreError> {
    let mut defects = Defects::default();
    let read = session.own_checks(&mut defects).await;
    unreadable("the database", read, &mut defects)?;
    for (rule, sql) in CONTRADICTIONS {
        let read = contradiction(session, rule, sql, &mut defects).await;
        unreadable("the database", read, &mut defects)?;
    }
    let read = seals(session, &mut defects).await;
    unreadable("the database", read, &mut defects)?;
    let read = chain(session, &mut defects).await;
    let records = unreadable("the history", read, &mut defects)?.unwrap_or_default();
    let read = replay(session, &mut defects).await;
    let runs = unreadable("the runs", read, &mut defects)?.unwrap_or_default();
    Ok(Verified { records, runs, defects: defects.into_sentences() })
}

/// Damage is what we look for; only a database that cannot be reached is a failure of the check.
fn unreadable<T>(
    what: &str,
    read: Result<T, StoreError>,
    defects: &mut Defects,
) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Inconsistent(problem) | StoreError::Unsupported(problem)) => {
            defects.push(format!("{what} cannot be read to the end: {problem}"));
            Ok(None)
        }
        Err(error @ (StoreError::Unavailable(_) | StoreError::InUse(_))) => Err(error),
    }
}

async fn contradiction(
    session: &mut impl Session,
    rule: &str,
    sql: &'static str,
    defects: &mut Defects,
) -> Result<(), StoreError> {
    let broken: Option<(i64,)> = session.find(sql, &[]).await?;
    match broken {
        Some((count,)) if count > 0 => defects.push(format!("{rule} ({count} times)")),
        Some(_) | None => {}
    }
    Ok(())
}

/// Reads every row that carries a fingerprint; runs are read by [`replay`].
async fn seals(session: &mut impl Session, defects: &mut Defects) -> Result<(), StoreError> {
    intact::<DefinitionRow>(session, definitions::ALL, defects).await?;
    intact::<PartRow>(session, definitions::ALL_PARTS, defects).await?;
    intact::<ClaimRow>(session, claims::ALL, defects).await?;
    intact::<StoredScope>(session, scopes::ALL, defects).await?;
    intact::<UserRow>(session, users::ALL, defects).await?;
    intact::<AppRow>(session, apps::ALL, defects).await?;
    intact::<GrantRow>(session, grants::ALL, defects).await?;
    intact::<RefreshRow>(session, refresh::ALL, defects).await?;
    intact::<DocumentRow>(session, documents::ALL, defects).await
}

async fn intact<T: Stored>(
    session: &mut impl Session,
    sql: &'static str,
    defects: &mut Defects,
) -> Result<(), StoreError> {
    session
        .each(sql, &[], |row: Result<T, _>| {
            if let Err(error) = row {
                defects.push(error.to_string());
            }
        })
        .await
}

async fn chain(session: &mut impl Session, defects: &mut Defects) -> Result<i64, StoreError> {
    let partitions: Vec<PartitionRow> = session.list(partitions::ALL, &[]).await?;
    let mut chain = Chain::new(&partitions);
    session
        .each(records::ALL, &[], |record| match record {
            Ok(record) => chain.follow(&record, defects),
            Err(error) => defects.push(format!("a history record cannot be read: {error}")),
        })
        .await?;
    Ok(chain.finish(defects))
}

async fn replay(session: &mut impl Session, defects: &mut Defects) -> Result<i64, StoreError> {
    let mut count = 0;
    let mut last = i64::MIN;
    loop {
        let keys: Vec<(i64,)> = session.list(runs::KEYS_AFTER, &[last.into()]).await?;
        let Some((newest,)) = keys.last() else { return Ok(count) };
        last = *newest;
        for (key,) in keys {
            count += 1;
            let read = replay_run(session, RunKey(key), defects).await;
            unreadable(&format!("run number {key}"), read, defects)?;
        }
    }
}

async fn replay_run(
    session: &mut impl Session,
    key: RunKey,
    defects: &mut Defects,
) -> Result<(), StoreError> {
    let run: Option<RunRow> = session.find(runs::BY_KEY, &[key.0.into()]).await?;
    // A run without a state is one of the contradictions.
    let Some(run) = run else { return Ok(()) };
    let mut replay = Replay::new(run);
    session
        .each(records::OF_RUN, &[key.0.into()], |row: Result<HistoryRow, _>| match row {
            Ok(row) => replay.step(&row, defects),
            Err(error) => defects
                .push(format!("a history record of run number {} cannot be read: {error}", key.0)),
        })
        .await?;
    session
        .each(nodes::OF_RUN, &[key.0.into()], |row: Result<NodeRow, _>| match row {
            Ok(node) => replay.compare(&node, defects),
            Err(error) => {
                defects.push(format!("a node of run number {} cannot be read: {error}", key.0));
            }
        })
        .await?;
    replay.finish(defects);
    Ok(())
}
