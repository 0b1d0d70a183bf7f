//! Statements on a SQLite file.

use crate::port::Outcome;
use crate::sql::statement::Statement;
use crate::sql::tally::Tally;
use crate::sql::task::Failure;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Either, Executor, Row, SqliteConnection, TypeInfo,
    ValueRef,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many steps of SQLite's machine lie between two looks at the stop flag.
const STEPS_PER_LOOK: i32 = 1000;
/// How long SQLite itself waits for a lock; nothing can stop it meanwhile.
const LOCK_WAIT: Duration = Duration::from_millis(100);
/// How long a task waits for a lock in all.
const LOCK_PATIENCE: Duration = Duration::from_mins(1);
/// Statements that only read, or cannot run inside a transaction.
const ALONE: [&str; 5] = ["SELECT", "VALUES", "EXPLAIN", "PRAGMA", "VACUUM"];
/// Statements that change no rows, whatever the connection's counter says.
const QUERIES: [&str; 4] = ["SELECT", "VALUES", "EXPLAIN", "PRAGMA"];

/// Executes the statements, all or none, unless `stop` is set.
pub(super) async fn run(
    path: &Path,
    statements: &[Statement],
    stop: Arc<AtomicBool>,
) -> Result<Tally, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(LOCK_WAIT)
        .disable_statement_logging();
    let patience = Patience { until: Instant::now() + LOCK_PATIENCE, stop: Arc::clone(&stop) };
    let mut connection = loop {
        match options.connect().await {
            Ok(connection) => break connection,
            Err(error) => patience.bear(&error)?,
        }
    };
    let looking = Arc::clone(&stop);
    connection
        .lock_handle()
        .await
        .map_err(|error| failure(&error))?
        .set_progress_handler(STEPS_PER_LOOK, move || !looking.load(Ordering::Relaxed));
    let result = match statements {
        [only] if ALONE.contains(&only.verb()) => alone(&mut connection, only, &patience).await,
        all => together(&mut connection, all, &patience).await,
    };
    // Closing cannot undo what was committed.
    let _ = connection.close().await;
    result
}

/// Runs a statement that takes no lock, or takes it by itself. A lock held by others is met before anything happened.
async fn alone(
    connection: &mut SqliteConnection,
    statement: &Statement,
    patience: &Patience,
) -> Result<Tally, Failure> {
    loop {
        let mut tally = Tally::default();
        match execute(connection, statement, &mut tally).await {
            Ok(()) => return Ok(tally),
            Err(error) => patience.bear(&error)?,
        }
    }
}

/// Runs the statements in one transaction that takes the write lock first, so that none of them can be refused it.
async fn together(
    connection: &mut SqliteConnection,
    statements: &[Statement],
    patience: &Patience,
) -> Result<Tally, Failure> {
    while let Err(error) = connection.execute("BEGIN IMMEDIATE").await {
        patience.bear(&error)?;
    }
    let mut tally = Tally::default();
    for statement in statements {
        if let Err(error) = execute(connection, statement, &mut tally).await {
            // The connection is closed next, which rolls back too.
            let _ = connection.execute("ROLLBACK").await;
            return Err(failure(&error));
        }
    }
    // Readers may be in the way of a commit; the transaction stays open until it succeeds.
    while let Err(error) = connection.execute("COMMIT").await {
        patience.bear(&error)?;
    }
    Ok(tally)
}

async fn execute(
    connection: &mut SqliteConnection,
    statement: &Statement,
    tally: &mut Tally,
) -> Result<(), sqlx::Error> {
    let before = total_changes(connection).await?;
    let query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
    let query = statement.values.iter().fold(query, |query, value| query.bind(value.clone()));
    let (mut found, mut columns, mut value, mut changed) = (0_u64, 0, None, 0);
    {
        let mut results = connection.fetch_many(query);
        while let Some(result) = results.try_next().await? {
            match result {
                Either::Left(done) => changed = done.rows_affected(),
                Either::Right(row) => {
                    if found == 0 {
                        columns = row.len();
                        value = (columns == 1).then(|| shown(&row));
                    }
                    found += 1;
                }
            }
        }
    }
    // The connection's own counter keeps the number of an earlier statement if this one counts nothing.
    let counted = total_changes(connection).await? != before;
    let is_query = QUERIES.contains(&statement.verb()) || (columns > 0 && !statement.returning);
    if is_query || columns > 0 {
        tally.add_found(found, value);
    }
    if !is_query {
        tally.add_changed(if counted { changed } else { 0 });
    }
    Ok(())
}

async fn total_changes(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    connection.fetch_one("SELECT total_changes()").await?.try_get(0)
}

fn shown(row: &SqliteRow) -> String {
    let Ok(value) = row.try_get_raw(0) else { return "?".to_owned() };
    let kind = value.type_info().name().to_owned();
    let text = match kind.as_str() {
        _ if value.is_null() => Ok("NULL".to_owned()),
        "INTEGER" | "BOOLEAN" => {
            row.try_get_unchecked::<i64, _>(0).map(|number| number.to_string())
        }
        "REAL" => row.try_get_unchecked::<f64, _>(0).map(|number| number.to_string()),
        "BLOB" => {
            row.try_get_unchecked::<Vec<u8>, _>(0).map(|bytes| format!("{} bytes", bytes.len()))
        }
        _ => row.try_get_unchecked::<String, _>(0),
    };
    text.unwrap_or_else(|_| format!("a value of type {kind}"))
}

/// How long a task goes on waiting for a lock that others hold.
struct Patience {
    until: Instant,
    stop: Arc<AtomicBool>,
}

impl Patience {
    /// Fails unless the error is only that others hold the lock, and there is patience left.
    fn bear(&self, error: &sqlx::Error) -> Result<(), Failure> {
        let is_lock = error.as_database_error().is_some_and(|error| {
            // The low byte of an extended code: SQLITE_BUSY or SQLITE_LOCKED.
            let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0) & 0xff;
            code == 5 || code == 6
        });
        if is_lock && !self.stop.load(Ordering::Relaxed) && Instant::now() < self.until {
            return Ok(());
        }
        Err(failure(error))
    }
}

fn failure(error: &sqlx::Error) -> Failure {
    let message = match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    Failure { outcome: Outcome::Failed, message }
}
