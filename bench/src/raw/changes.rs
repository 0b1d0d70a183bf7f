//! How fast rows like those of tasks can be changed: one prepared statement is one commit.

use crate::quantile::rate;
use anyhow::Result;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Database, Encode,
    Executor, IntoArguments, Postgres, Sqlite, Type,
};
use std::str::FromStr as _;
use std::time::{Duration, Instant};

/// As the product keeps a task: two texts and a time are empty while all goes well.
const TABLE: &str = "CREATE TABLE tasks (run BIGINT NOT NULL, node BIGINT NOT NULL, partition BIGINT NOT NULL, \
    owner_epoch BIGINT NOT NULL, state BIGINT NOT NULL, generation BIGINT NOT NULL, attempt BIGINT NOT NULL, \
    epoch BIGINT NOT NULL, wake_at BIGINT, started_at BIGINT, ended_at BIGINT, handle TEXT, message TEXT, \
    PRIMARY KEY (run, node))";
/// The values of one row that a statement is given.
const VALUES: usize = 10;
/// What the product's writer gives SQLite, in KiB (SQLite wants it negative).
const CACHE_KIB: &str = "-16384";

/// So many a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changes {
    pub(super) lone: f64,
    pub(super) grouped: f64,
    pub(super) bulk: f64,
}

/// In a file of its own, as durable as the product's.
pub(super) async fn sqlite(time: Duration) -> Result<Changes> {
    let place = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(place.path().join("raw.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", CACHE_KIB);
    let mut connection = options.connect().await?;
    let without_rowid = format!("{TABLE} WITHOUT ROWID");
    sqlx::raw_sql(AssertSqlSafe(without_rowid)).execute(&mut connection).await?;
    let changes = all::<Sqlite>(&mut connection, |_| "?".to_owned(), time).await?;
    connection.close().await?;
    Ok(changes)
}

/// In a database of its own, with the server's own settings.
pub(super) async fn postgres(url: &str, time: Duration) -> Result<Changes> {
    let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
    let with_room = format!("{TABLE} WITH (fillfactor = 80)");
    sqlx::raw_sql(AssertSqlSafe(with_room)).execute(&mut connection).await?;
    let changes = all::<Postgres>(&mut connection, |number| format!("${number}"), time).await?;
    connection.close().await?;
    Ok(changes)
}

async fn all<DB: Database>(
    connection: &mut DB::Connection,
    placeholder: fn(usize) -> String,
    time: Duration,
) -> Result<Changes>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
{
    let lone = some::<DB>(connection, 1, 1, placeholder, time).await?;
    let grouped = some::<DB>(connection, 2, 100, placeholder, time).await?;
    let bulk = some::<DB>(connection, 3, 1000, placeholder, time).await?;
    Ok(Changes { lone, grouped, bulk })
}

/// Commits of `rows` rows: half of them are new, the others are those that were new in the commit before.
async fn some<DB: Database>(
    connection: &mut DB::Connection,
    run: i64,
    rows: usize,
    placeholder: fn(usize) -> String,
    time: Duration,
) -> Result<f64>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
{
    let sql = statement(rows, placeholder);
    let step = rows.div_ceil(2);
    let (begun, mut commits) = (Instant::now(), 0);
    while begun.elapsed() < time {
        let mut values = DB::Arguments::default();
        values.reserve(rows * VALUES, rows * VALUES * size_of::<i64>());
        for node in commits * step..commits * step + rows {
            for value in row(run, i64::try_from(node)?) {
                values.add(value).map_err(anyhow::Error::from_boxed)?;
            }
        }
        sqlx::query_with(AssertSqlSafe(sql.as_str()), values).execute(&mut *connection).await?;
        commits += 1;
    }
    Ok(rate(commits * rows, begun.elapsed()))
}

/// Times of today in microseconds, because short numbers would be cheaper.
fn row(run: i64, node: i64) -> [i64; VALUES] {
    let at = 1_793_318_400_000_000 + node;
    [run, node, 0, 7, 3, 1, 1, 1, at, at]
}

fn statement(rows: usize, placeholder: fn(usize) -> String) -> String {
    let row = |number: usize| {
        let values: Vec<String> =
            (1..=VALUES).map(|value| placeholder(number * VALUES + value)).collect();
        format!("({})", values.join(","))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO tasks (run, node, partition, owner_epoch, state, generation, attempt, epoch, started_at, ended_at) \
         VALUES {} ON CONFLICT (run, node) DO UPDATE SET partition = excluded.partition, \
         owner_epoch = excluded.owner_epoch, state = excluded.state, generation = excluded.generation, \
         attempt = excluded.attempt, epoch = excluded.epoch, started_at = excluded.started_at, ended_at = excluded.ended_at",
        rows.join(",")
    )
}
