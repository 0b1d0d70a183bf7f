//! A connection whose troubles are remembered.

use crate::dialect::{
    CONNECTED_POSTGRES, INVALID_INDEXES_POSTGRES, NOTICE_GONE_POSTGRES, SERVED_BY_POSTGRES,
    SET_POSTGRES,
};
use crate::many::{Many, chunks};
use crate::port::StoreError;
use crate::postgres::address::IDLE_IN_TRANSACTION;
use crate::postgres::error::{Trouble, store_error, trouble};
use crate::postgres::text::escaped;
use crate::session::{Session, Stored};
use crate::values::{Row, Value};
use crate::verify::Defects;
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, PgConnection};
use std::time::Duration;

/// The oldest server that has all that is asked of it.
const VERSION_MIN: i64 = 130_000;
/// Since this version a server can look after its clients while a statement runs.
const NOTICES_GONE_SINCE: i64 = 140_000;

/// One connection.
pub(crate) struct PgSession {
    connection: PgConnection,
    /// How long a statement may take to be answered, however the network is.
    limit: Option<Duration>,
    trouble: Option<Trouble>,
    /// The process that serves the connection.
    pub(crate) backend: Backend,
    /// The number of the schema that holds our tables.
    pub(crate) schema: i64,
    /// Whether the server flushes what it commits.
    pub(crate) flushes: bool,
}

/// A process of the server: its number, and the instant of its start, because numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) pid: i64,
    pub(crate) started_at: i64,
}

type Connected = (i64, bool, String, String, String, String, Option<i64>, i32, Option<i64>);

impl PgSession {
    /// Looks what the connection leads to, and refuses what would break our promises.
    pub(crate) async fn begin(
        mut connection: PgConnection,
        limit: Option<Duration>,
        settings: &[(&'static str, String)],
    ) -> Result<Self, StoreError> {
        let mut connected = look(&mut connection, limit).await?;
        if connected.5 != IDLE_IN_TRANSACTION {
            // A pooler kept them to itself.
            for (name, value) in settings {
                let set = sqlx::query(SET_POSTGRES).bind(*name).bind(value.as_str());
                within(limit, set.execute(&mut connection)).await.map_err(store_error)?;
            }
            connected = look(&mut connection, limit).await?;
        }
        fits(&connected)?;
        let (version, _, _, flushes, _, _, schema, pid, started_at) = connected;
        let schema = schema.ok_or_else(|| {
            StoreError::Unsupported("the database has no schema for tables".to_owned())
        })?;
        let backend = Backend { pid: pid.into(), started_at: started_at.unwrap_or_default() };
        let flushes = flushes == "on";
        let mut session = Self { connection, limit, trouble: None, backend, schema, flushes };
        if version >= NOTICES_GONE_SINCE {
            let set: Result<Option<(String,)>, StoreError> =
                session.find_driver(NOTICE_GONE_POSTGRES, &[]).await;
            // Some systems cannot do it; then a statement goes on for a while after its client is gone.
            if let Err(error) = set {
                tracing::debug!(%error, "the server does not look after its clients");
            }
            session.trouble = None;
        }
        Ok(session)
    }

    /// What the statements so far mean for the transaction.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Forgets what is settled.
    pub(crate) fn settle(&mut self) {
        self.trouble = None;
    }

    /// The connection itself.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Says good-bye to the server.
    pub(crate) async fn close(self) {
        if let Err(error) = within(self.limit, self.connection.close()).await {
            tracing::debug!(%error, "the database connection did not close cleanly");
        }
    }

    /// The process that serves the session now. It is always the same, unless a pooler shares it with others.
    pub(crate) async fn served_by(&mut self) -> Result<i64, StoreError> {
        let served: Option<(i64,)> = self.find_driver(SERVED_BY_POSTGRES, &[]).await?;
        Ok(served.map(|(pid,)| pid).unwrap_or_default())
    }

    /// The first row, for what only this database is asked.
    pub(crate) async fn find_driver<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        self.find_with(sql, arguments(values)?).await
    }

    /// The first row.
    pub(crate) async fn find_with<T>(
        &mut self,
        sql: &'static str,
        arguments: PgArguments,
    ) -> Result<Option<T>, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        let asked = sqlx::query_as_with(sql, arguments).fetch_optional(&mut self.connection);
        let answered = within(self.limit, asked).await;
        answered.map_err(|error| self.note(error))
    }

    /// Hands each row to `take` as it comes.
    pub(crate) async fn each_with<T: Stored>(
        &mut self,
        sql: &'static str,
        arguments: PgArguments,
        mut take: impl FnMut(Result<T, StoreError>) + Send,
    ) -> Result<(), StoreError> {
        let limit = self.limit;
        let failed = {
            let mut rows = sqlx::query_with(sql, arguments).fetch(&mut self.connection);
            loop {
                match within(limit, rows.try_next()).await {
                    Ok(Some(row)) => take(T::from_row(&row).map_err(store_error)),
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            }
        };
        failed.map_or(Ok(()), |error| Err(self.note(error)))
    }

    fn note(&mut self, error: sqlx::Error) -> StoreError {
        self.trouble = trouble(&error).or(self.trouble);
        store_error(error)
    }
}

impl Session for PgSession {
    async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let arguments = arguments(values)?;
        let asked = sqlx::query_with(sql, arguments).execute(&mut self.connection);
        let done = within(self.limit, asked).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.note(error))
    }

    async fn find<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        self.find_driver(sql, values).await
    }

    async fn list<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let arguments = arguments(values)?;
        let asked = sqlx::query_as_with(sql, arguments).fetch_all(&mut self.connection);
        let answered = within(self.limit, asked).await;
        answered.map_err(|error| self.note(error))
    }

    async fn each<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: impl FnMut(Result<T, StoreError>) + Send,
    ) -> Result<(), StoreError> {
        self.each_with(sql, arguments(values)?, take).await
    }

    async fn execute_many<T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> Result<(), StoreError> {
        for chunk in chunks(rows) {
            let arguments = arguments_of(chunk)?;
            let sql = AssertSqlSafe(many.text(chunk.len()));
            let asked = sqlx::query_with(sql, arguments).execute(&mut self.connection);
            let done = within(self.limit, asked).await;
            done.map_err(|error| self.note(error))?;
        }
        Ok(())
    }

    async fn list_many<R: Stored, T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> Result<Vec<R>, StoreError> {
        let mut answers = Vec::new();
        for chunk in chunks(rows) {
            let arguments = arguments_of(chunk)?;
            let sql = AssertSqlSafe(many.text(chunk.len()));
            let asked =
                sqlx::query_as_with::<_, R, _>(sql, arguments).fetch_all(&mut self.connection);
            let answered = within(self.limit, asked).await;
            answers.extend(answered.map_err(|error| self.note(error))?);
        }
        Ok(answers)
    }

    async fn own_checks(&mut self, defects: &mut Defects) -> Result<(), StoreError> {
        self.each(INVALID_INDEXES_POSTGRES, &[], |row: Result<(String,), _>| match row {
            Ok((index,)) => defects.push(format!("the index {index} is not valid: rebuild it")),
            Err(error) => defects.push(error.to_string()),
        })
        .await
    }
}

async fn look(
    connection: &mut PgConnection,
    limit: Option<Duration>,
) -> Result<Connected, StoreError> {
    let asked = sqlx::query_as(CONNECTED_POSTGRES).fetch_one(connection);
    within(limit, asked).await.map_err(store_error)
}

/// Refuses what would break our promises.
fn fits(connected: &Connected) -> Result<(), StoreError> {
    let (version, standby, commits, _, encoding, ..) = connected;
    if *version < VERSION_MIN {
        let (is, needed) = (version / 10_000, VERSION_MIN / 10_000);
        return Err(StoreError::Unsupported(format!(
            "the database server is PostgreSQL {is}: {needed} or newer is needed"
        )));
    }
    if *standby {
        return Err(StoreError::Unavailable(
            "the database server is a standby: the primary is needed".to_owned(),
        ));
    }
    if commits != "on" {
        return Err(StoreError::Unsupported(format!(
            "the database server answers before a commit is on disk: `synchronous_commit` is `{commits}`, and must be `on`"
        )));
    }
    if encoding != "UTF8" {
        return Err(StoreError::Unsupported(format!(
            "the database's encoding is {encoding}: UTF8 is needed"
        )));
    }
    Ok(())
}

/// Waits for an answer, but not for ever: a network that swallows everything reports nothing.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let Some(limit) = limit else { return answer.await };
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
        let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer any more");
        Err(sqlx::Error::Io(late))
    })
}

/// The values as the driver wants them.
pub(crate) fn arguments(values: &[Value<'_>]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    values.iter().try_for_each(|value| add(&mut arguments, *value))?;
    Ok(arguments)
}

fn arguments_of<T: Row<N>, const N: usize>(chunk: &[T]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    arguments.reserve(chunk.len() * N, chunk.len() * N * 12);
    for row in chunk {
        row.values().iter().try_for_each(|value| add(&mut arguments, *value))?;
    }
    Ok(arguments)
}

fn add(arguments: &mut PgArguments, value: Value<'_>) -> Result<(), StoreError> {
    let added = match value {
        Value::Int(number) => arguments.add(number),
        Value::Bool(flag) => arguments.add(flag),
        Value::Text(text) => arguments.add(text.map(escaped).as_deref()),
        Value::Bytes(bytes) => arguments.add(bytes),
    };
    added.map_err(|error| store_error(sqlx::Error::Encode(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_would_break_a_promise_are_refused() {
        #[rustfmt::skip]
        let cases = [
            (120_022, false, "on",           "UTF8",   "the database server is PostgreSQL 12: 13 or newer is needed"),
            (150_015, true,  "on",           "UTF8",   "the database is not available: the database server is a standby: the primary is needed"),
            (150_015, false, "off",          "UTF8",   "the database server answers before a commit is on disk: `synchronous_commit` is `off`, and must be `on`"),
            (150_015, false, "local",        "UTF8",   "the database server answers before a commit is on disk: `synchronous_commit` is `local`, and must be `on`"),
            (150_015, false, "on",           "LATIN1", "the database's encoding is LATIN1: UTF8 is needed"),
        ];
        let connected = |version, standby, commits: &str, encoding: &str| {
            let (commits, encoding) = (commits.to_owned(), encoding.to_owned());
            let limit = IDLE_IN_TRANSACTION.to_owned();
            (version, standby, commits, "on".to_owned(), encoding, limit, Some(2200), 1, Some(1))
        };
        for (version, standby, commits, encoding, sentence) in cases {
            let refused = fits(&connected(version, standby, commits, encoding)).unwrap_err();
            assert_eq!(refused.to_string(), sentence);
        }
        assert!(fits(&connected(130_000, false, "on", "UTF8")).is_ok());
    }
}
