//! Statements on a PostgreSQL database.

use crate::port::Outcome;
use crate::sql::numeric;
use crate::sql::statement::Statement;
use crate::sql::tally::Tally;
use crate::sql::task::Failure;
use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgRow, PgValueFormat};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Either, Executor, PgConnection, Row, TypeInfo,
    ValueRef,
};
use std::time::Duration;
use tokio::sync::watch;

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a statement that was cancelled may take to end, and how often the cancel is repeated meanwhile.
const CANCEL_LIMIT: Duration = Duration::from_secs(10);
const CANCEL_PAUSE: Duration = Duration::from_millis(500);
/// Statements whose count is one of rows found, not changed.
const QUERIES: [&str; 6] = ["SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "FETCH"];

/// Executes the statements, all or none. The server's process number is told to `backend`, for [`cancel`].
pub(super) async fn run(
    options: PgConnectOptions,
    statements: &[Statement],
    backend: watch::Sender<Option<i32>>,
) -> Result<Tally, Failure> {
    let mut connection = connect(&options).await?;
    let pid: i32 = match connection
        .fetch_one("SELECT pg_backend_pid()")
        .await
        .and_then(|row| row.try_get(0))
    {
        Ok(pid) => pid,
        Err(error) => return Err(failed(&error)),
    };
    backend.send_replace(Some(pid));
    let result = match statements {
        // Some statements cannot run inside a transaction.
        [only] => {
            let mut tally = Tally::default();
            execute(&mut connection, only, &mut tally)
                .await
                .map(|()| tally)
                .map_err(|error| judged(&error))
        }
        all => together(&mut connection, all).await,
    };
    // Closing cannot undo what was committed.
    let _ = connection.close().await;
    result
}

/// Stops a statement from another connection, again and again until `done` resolves. False: it could not be stopped.
pub(super) async fn cancel(
    options: &PgConnectOptions,
    backend: &watch::Receiver<Option<i32>>,
    done: impl Future<Output = ()>,
) -> bool {
    let cancel = async {
        loop {
            let pid = *backend.borrow();
            if let Some(pid) = pid
                && let Ok(mut connection) = connect(options).await
            {
                let query = sqlx::query("SELECT pg_cancel_backend($1)").bind(pid);
                if let Err(error) = connection.execute(query).await {
                    tracing::debug!(%error, "a statement could not be cancelled yet");
                }
                let _ = connection.close().await;
            }
            tokio::time::sleep(CANCEL_PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        () = done => true,
        () = tokio::time::sleep(CANCEL_LIMIT) => false,
        () = cancel => false,
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let connecting = options.clone().disable_statement_logging();
    let connected = tokio::time::timeout(CONNECT_LIMIT, connecting.connect()).await;
    match connected {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(Failure {
            outcome: Outcome::Failed,
            message: "the database did not answer in time".to_owned(),
        }),
    }
}

async fn together(
    connection: &mut PgConnection,
    statements: &[Statement],
) -> Result<Tally, Failure> {
    connection.execute("BEGIN").await.map_err(|error| failed(&error))?;
    let mut tally = Tally::default();
    for statement in statements {
        // Whatever breaks before COMMIT is rolled back by the database: nothing happened.
        execute(connection, statement, &mut tally).await.map_err(|error| failed(&error))?;
    }
    connection.execute("COMMIT").await.map_err(|error| judged(&error))?;
    Ok(tally)
}

async fn execute(
    connection: &mut PgConnection,
    statement: &Statement,
    tally: &mut Tally,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
    let query = statement.values.iter().fold(query, |query, value| query.bind(value.clone()));
    let (mut found, mut columns, mut value, mut counted) = (0_u64, 0, None, 0);
    let mut results = connection.fetch_many(query);
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => counted = done.rows_affected(),
            Either::Right(row) => {
                if found == 0 {
                    columns = row.len();
                    value = (columns == 1).then(|| shown(&row));
                }
                found += 1;
            }
        }
    }
    let is_query = QUERIES.contains(&statement.verb()) || (columns > 0 && !statement.returning);
    if is_query || columns > 0 {
        tally.add_found(found, value);
    }
    if !is_query {
        tally.add_changed(counted);
    }
    Ok(())
}

/// The value in the first column. Types that are not shown are named.
fn shown(row: &PgRow) -> String {
    let Ok(value) = row.try_get_raw(0) else { return "?".to_owned() };
    if value.is_null() {
        return "NULL".to_owned();
    }
    let kind = value.type_info().name().to_owned();
    if value.format() == PgValueFormat::Text {
        return value.as_str().map_or_else(|_| format!("a value of type {kind}"), str::to_owned);
    }
    let text = match kind.as_str() {
        "BOOL" => row.try_get::<bool, _>(0).ok().map(|value| value.to_string()),
        "INT2" => row.try_get::<i16, _>(0).ok().map(|value| value.to_string()),
        "INT4" => row.try_get::<i32, _>(0).ok().map(|value| value.to_string()),
        "INT8" => row.try_get::<i64, _>(0).ok().map(|value| value.to_string()),
        "FLOAT4" => row.try_get::<f32, _>(0).ok().map(|value| value.to_string()),
        "FLOAT8" => row.try_get::<f64, _>(0).ok().map(|value| value.to_string()),
        "NUMERIC" => value.as_bytes().ok().and_then(numeric::decimal),
        "DATE" => value.as_bytes().ok().and_then(date),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "JSON" => {
            value.as_bytes().ok().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        }
        _ => None,
    };
    text.unwrap_or_else(|| format!("a value of type {kind}"))
}

/// Days since 2000-01-01.
fn date(bytes: &[u8]) -> Option<String> {
    let days = i32::from_be_bytes(bytes.try_into().ok()?);
    let date =
        jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(date.to_string())
}

/// An error after which nothing remains of the statements.
fn failed(error: &sqlx::Error) -> Failure {
    Failure { outcome: Outcome::Failed, message: text(error) }
}

/// An error of a statement that may have been committed although its answer was lost: then nobody knows.
fn judged(error: &sqlx::Error) -> Failure {
    if !matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_)) {
        return failed(error);
    }
    let message = format!("the connection broke while the statement ran: {}", text(error));
    Failure { outcome: Outcome::Lost, message }
}

fn text(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => match error.code() {
            Some(code) => format!("{} ({code})", error.message()),
            None => error.message().to_owned(),
        },
        None => error.to_string(),
    }
}
