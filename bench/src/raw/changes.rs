//! How fast rows like those of tasks can be changed: one prepared statement is one commit.

use crate::quantile::rate;
use anyhow::Result;
use rusqlite::{Connection, params_from_iter};
use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, query_with,
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
/// As the product has it; the cache is in KiB, which SQLite wants negative.
const SQLITE: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384";

/// So many a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changes {
    pub(super) lone: f64,
    pub(super) grouped: f64,
    pub(super) bulk: f64,
}

/// In a file of its own, as durable as the product's.
pub(super) fn sqlite(time: Duration) -> Result<Changes> {
    let place = tempfile::tempdir()?;
    let connection = Connection::open(place.path().join("raw.db"))?;
    connection.execute_batch(&format!("{SQLITE}; {TABLE} WITHOUT ROWID"))?;
    let some = |run, rows| -> Result<f64> {
        let mut statement = connection.prepare(&statement(rows, |_| "?".to_owned()))?;
        let (begun, mut commits) = (Instant::now(), 0);
        while begun.elapsed() < time {
            statement.execute(params_from_iter(values(run, rows, commits)?))?;
            commits += 1;
        }
        Ok(rate(commits * rows, begun.elapsed()))
    };
    Ok(Changes { lone: some(1, 1)?, grouped: some(2, 100)?, bulk: some(3, 1000)? })
}

/// In a database of its own, with the server's own settings.
pub(super) async fn postgres(url: &str, time: Duration) -> Result<Changes> {
    let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
    let with_room = format!("{TABLE} WITH (fillfactor = 80)");
    sqlx::raw_sql(AssertSqlSafe(with_room)).execute(&mut connection).await?;
    let lone = some_postgres(&mut connection, 1, 1, time).await?;
    let grouped = some_postgres(&mut connection, 2, 100, time).await?;
    let bulk = some_postgres(&mut connection, 3, 1000, time).await?;
    connection.close().await?;
    Ok(Changes { lone, grouped, bulk })
}

async fn some_postgres(
    connection: &mut PgConnection,
    run: i64,
    rows: usize,
    time: Duration,
) -> Result<f64> {
    let sql = statement(rows, |number| format!("${number}"));
    let (begun, mut commits) = (Instant::now(), 0);
    while begun.elapsed() < time {
        let mut arguments = PgArguments::default();
        for value in values(run, rows, commits)? {
            arguments.add(value).map_err(anyhow::Error::from_boxed)?;
        }
        query_with(AssertSqlSafe(sql.as_str()), arguments).execute(&mut *connection).await?;
        commits += 1;
    }
    Ok(rate(commits * rows, begun.elapsed()))
}

/// Of one commit: half of its rows are new, the others are those that were new in the commit before.
fn values(run: i64, rows: usize, commits: usize) -> Result<Vec<i64>> {
    let first = commits * rows.div_ceil(2);
    let mut values = Vec::with_capacity(rows * VALUES);
    for node in first..first + rows {
        values.extend(row(run, i64::try_from(node)?));
    }
    Ok(values)
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
