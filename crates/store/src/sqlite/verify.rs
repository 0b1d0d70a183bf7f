//! `verify`: reads everything once, at one instant, and holds it against our rules.

use crate::dialect::{BEGIN_READ_SQLITE, FOREIGN_KEYS_SQLITE, INTEGRITY_SQLITE};
use crate::history::records;
use crate::partitions::{self, PartitionRow};
use crate::port::{
    AppRow, ClaimRow, DefinitionRow, GrantRow, HistoryRow, NodeRow, RefreshRow, RunRow, StoreError,
    UserRow, Verified,
};
use crate::scopes::StoredScope;
use crate::sqlite::error::store_error;
use crate::sqlite::exec::{each, execute, find, list};
use crate::sqlite::open::Shared;
use crate::verify::{CONTRADICTIONS, Chain, Defects, Replay};
use crate::{apps, claims, definitions, grants, nodes, refresh, runs, scopes, users};
use dayend_engine::codes::RunKey;
use sqlx::sqlite::SqliteRow;
use sqlx::{ConnectOptions as _, Connection as _, FromRow, SqliteConnection};

/// Checks the whole database on a connection of its own.
pub(crate) async fn verify(shared: &Shared) -> Result<Verified, StoreError> {
    let mut connection = shared.reading.connect().await.map_err(store_error)?;
    execute(&mut connection, BEGIN_READ_SQLITE, &[]).await?;
    let verified = check(&mut connection).await;
    connection.close().await.map_err(store_error)?;
    verified
}

async fn check(connection: &mut SqliteConnection) -> Result<Verified, StoreError> {
    let mut defects = Defects::default();
    let read = database(connection, &mut defects).await;
    unreadable("the database", read, &mut defects)?;
    for (rule, sql) in CONTRADICTIONS {
        let read = contradiction(connection, rule, sql, &mut defects).await;
        unreadable("the database", read, &mut defects)?;
    }
    let read = seals(connection, &mut defects).await;
    unreadable("the database", read, &mut defects)?;
    let read = chain(connection, &mut defects).await;
    let records = unreadable("the history", read, &mut defects)?.unwrap_or_default();
    let read = replay(connection, &mut defects).await;
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

async fn database(
    connection: &mut SqliteConnection,
    defects: &mut Defects,
) -> Result<(), StoreError> {
    each(connection, INTEGRITY_SQLITE, &[], |row: Result<(String,), _>| match row {
        Ok((text,)) if text == "ok" => {}
        Ok((text,)) => defects.push(format!("the database file is damaged: {text}")),
        Err(error) => defects.push(error.to_string()),
    })
    .await?;
    each(connection, FOREIGN_KEYS_SQLITE, &[], |row: Result<(String, String), _>| match row {
        Ok((child, parent)) => defects
            .push(format!("a row of `{child}` refers to a row of `{parent}` that does not exist")),
        Err(error) => defects.push(error.to_string()),
    })
    .await
}

async fn contradiction(
    connection: &mut SqliteConnection,
    rule: &str,
    sql: &'static str,
    defects: &mut Defects,
) -> Result<(), StoreError> {
    let broken: Option<(i64,)> = find(connection, sql, &[]).await?;
    match broken {
        Some((count,)) if count > 0 => defects.push(format!("{rule} ({count} times)")),
        Some(_) | None => {}
    }
    Ok(())
}

/// Reads every row that carries a fingerprint; runs are read by [`replay`].
async fn seals(connection: &mut SqliteConnection, defects: &mut Defects) -> Result<(), StoreError> {
    intact::<DefinitionRow>(connection, definitions::ALL, defects).await?;
    intact::<ClaimRow>(connection, claims::ALL, defects).await?;
    intact::<StoredScope>(connection, scopes::ALL, defects).await?;
    intact::<UserRow>(connection, users::ALL, defects).await?;
    intact::<AppRow>(connection, apps::ALL, defects).await?;
    intact::<GrantRow>(connection, grants::ALL, defects).await?;
    intact::<RefreshRow>(connection, refresh::ALL, defects).await
}

async fn intact<T>(
    connection: &mut SqliteConnection,
    sql: &'static str,
    defects: &mut Defects,
) -> Result<(), StoreError>
where
    T: for<'r> FromRow<'r, SqliteRow>,
{
    each(connection, sql, &[], |row: Result<T, _>| {
        if let Err(error) = row {
            defects.push(error.to_string());
        }
    })
    .await
}

async fn chain(
    connection: &mut SqliteConnection,
    defects: &mut Defects,
) -> Result<i64, StoreError> {
    let partitions: Vec<PartitionRow> = list(&mut *connection, partitions::ALL, &[]).await?;
    let mut chain = Chain::new(&partitions);
    each(connection, records::ALL, &[], |record| match record {
        Ok(record) => chain.follow(&record, defects),
        Err(error) => defects.push(format!("a history record cannot be read: {error}")),
    })
    .await?;
    Ok(chain.finish(defects))
}

async fn replay(
    connection: &mut SqliteConnection,
    defects: &mut Defects,
) -> Result<i64, StoreError> {
    let mut count = 0;
    let mut last = i64::MIN;
    loop {
        let keys: Vec<(i64,)> = list(&mut *connection, runs::KEYS_AFTER, &[last.into()]).await?;
        let Some((newest,)) = keys.last() else { return Ok(count) };
        last = *newest;
        for (key,) in keys {
            count += 1;
            let read = replay_run(connection, RunKey(key), defects).await;
            unreadable(&format!("run number {key}"), read, defects)?;
        }
    }
}

async fn replay_run(
    connection: &mut SqliteConnection,
    key: RunKey,
    defects: &mut Defects,
) -> Result<(), StoreError> {
    let run: Option<RunRow> = find(&mut *connection, runs::BY_KEY, &[key.0.into()]).await?;
    // A run without a state is one of the contradictions.
    let Some(run) = run else { return Ok(()) };
    let mut replay = Replay::new(run);
    each(connection, records::OF_RUN, &[key.0.into()], |row: Result<HistoryRow, _>| match row {
        Ok(row) => replay.step(&row, defects),
        Err(error) => defects
            .push(format!("a history record of run number {} cannot be read: {error}", key.0)),
    })
    .await?;
    each(connection, nodes::OF_RUN, &[key.0.into()], |row: Result<NodeRow, _>| match row {
        Ok(node) => replay.compare(&node, defects),
        Err(error) => {
            defects.push(format!("a node of run number {} cannot be read: {error}", key.0));
        }
    })
    .await?;
    replay.finish(defects);
    Ok(())
}
