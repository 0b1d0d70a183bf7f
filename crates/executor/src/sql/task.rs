//! A SQL attempt from its statement to its end.

use crate::executors::Shared;
use crate::live::{Order, Orders, Phase};
use crate::log::AttemptLog;
use crate::port::{Attempt, Outcome};
use crate::secrets::Mask;
use crate::sql::database::{Database, find};
use crate::sql::statement::{Statement, statements};
use crate::sql::tally::Tally;
use crate::sql::{postgres, sqlite};
use dayend_engine::definition::SqlWork;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Why statements have no result.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) outcome: Outcome,
    pub(super) message: String,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, message: message.into() }
    }
}

/// Waits for a free slot, then executes the statements.
pub(crate) async fn run(shared: Arc<Shared>, attempt: Attempt, work: SqlWork, mut orders: Orders) {
    let id = attempt.id;
    let _slot = tokio::select! {
        biased;
        order = orders.changed() => return shared.never_started(id, order),
        slot = shared.sql_slots.acquire(&attempt.tenant) => slot,
    };
    let (database, statements) = match prepare(&shared, attempt, work.clone()).await {
        Ok(prepared) => prepared,
        Err(reason) => return shared.live.end(id, Outcome::Failed, &reason),
    };
    shared.live.set_phase(id, Phase::InProcess);
    shared.live.started(id, (shared.settings.now)());
    let mut mask = Mask::default();
    if let Database::Postgres { password: Some(password), .. } = &database {
        mask.add(password);
    }
    let mut log =
        AttemptLog::new(shared.dir(id), shared.settings.limits.log_bytes, shared.settings.now);
    for statement in &statements {
        log.line(&mask.hide(&format!("{}: {}", work.connection, statement.sql))).await;
    }
    let result = match &database {
        Database::Sqlite(path) => on_sqlite(path, &statements, &mut orders).await,
        Database::Postgres { options, .. } => on_postgres(options, &statements, &mut orders).await,
    };
    let (outcome, message) = match result {
        Ok(tally) => (Outcome::Succeeded, tally.message()),
        Err(failure) => (failure.outcome, mask.hide(&failure.message)),
    };
    log.line(&message).await;
    shared.live.end(id, outcome, &message);
}

async fn prepare(
    shared: &Arc<Shared>,
    attempt: Attempt,
    work: SqlWork,
) -> Result<(Database, Vec<Statement>), String> {
    let shared = Arc::clone(shared);
    let prepare = move || {
        let target = attempt
            .connection
            .ok_or_else(|| format!("the connection `{}` does not exist", work.connection))??;
        let database = find(&shared.settings, &target)?;
        let statements = statements(&work.statement, &attempt.params, database.dialect())?;
        Ok((database, statements))
    };
    tokio::task::spawn_blocking(prepare)
        .await
        .map_err(|_| "the statement could not be prepared: internal error".to_owned())?
}

/// An order of either kind stops the statement: it cannot go on without this process.
async fn on_sqlite(
    path: &std::path::Path,
    statements: &[Statement],
    orders: &mut Orders,
) -> Result<Tally, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut work = Box::pin(sqlite::run(path, statements, Arc::clone(&stop)));
    tokio::select! {
        biased;
        result = &mut work => return result,
        _ = orders.changed() => stop.store(true, Ordering::Relaxed),
    }
    stopped(work.await)
}

async fn on_postgres(
    options: &sqlx::postgres::PgConnectOptions,
    statements: &[Statement],
    orders: &mut Orders,
) -> Result<Tally, Failure> {
    let (tell, backend) = watch::channel(None);
    let mut work = Box::pin(postgres::run(options.clone(), statements, tell));
    let order: Order = tokio::select! {
        biased;
        result = &mut work => return result,
        order = orders.changed() => order,
    };
    tracing::debug!(?order, "a statement is cancelled");
    if backend.borrow().is_none() {
        // Nothing was sent yet: dropping the connection is enough.
        return Err(Failure::new("stopped before the statement ran"));
    }
    let mut result = None;
    let gone =
        postgres::cancel(options, &backend, async { result = Some((&mut work).await) }).await;
    match result {
        Some(result) if gone => stopped(result),
        Some(_) | None => Err(Failure {
            outcome: Outcome::Lost,
            message: "the statement could not be cancelled in time".to_owned(),
        }),
    }
}

/// A statement that was to be stopped may still have come to its end.
fn stopped(result: Result<Tally, Failure>) -> Result<Tally, Failure> {
    result.map_err(|failure| Failure {
        outcome: failure.outcome,
        message: format!("stopped: {}", failure.message),
    })
}
