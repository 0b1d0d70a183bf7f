//! The schema, step by step. A step never changes once it was released.

use crate::dialect::{migration_postgres, migration_sqlite};
use crate::port::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

/// The number, name and text of each step.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../migrations/0001_first.sql")),
    (2, "documents", include_str!("../migrations/0002_documents.sql")),
    (3, "node_files", include_str!("../migrations/0003_node_files.sql")),
];

/// The newest schema version of a database; none: no step was taken.
pub(crate) const NEWEST_APPLIED: &str = "SELECT MAX(version) FROM _sqlx_migrations";

/// The schema version that this program knows.
pub(crate) fn newest_known() -> i64 {
    STEPS.iter().map(|(version, _, _)| *version).max().unwrap_or_default()
}

/// All steps for SQLite.
pub(crate) fn migrator_sqlite() -> Migrator {
    migrator(migration_sqlite)
}

/// All steps for PostgreSQL.
pub(crate) fn migrator_postgres() -> Migrator {
    migrator(migration_postgres)
}

fn migrator(adapted: impl Fn(&str) -> String) -> Migrator {
    let steps = STEPS.iter().map(|(version, name, text)| {
        let sql = AssertSqlSafe(adapted(text)).into_sql_str();
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}

/// What a schema that does not fit means; `store_error` knows what the database's own errors mean.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's errors grow, and most of them mean the same to us"
)]
pub(crate) fn migrate_error(
    error: MigrateError,
    store_error: fn(sqlx::Error) -> StoreError,
) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            store_error(error)
        }
        MigrateError::VersionMissing(version) => StoreError::Unsupported(newer_schema(version)),
        MigrateError::VersionMismatch(version) => StoreError::Unsupported(format!(
            "schema step {version} of the database is not the one of this program: it is another program's database, or an unreleased version made it"
        )),
        other => StoreError::Unsupported(format!("the database's schema cannot be used: {other}")),
    }
}

/// The sentence for a database from the future.
pub(crate) fn newer_schema(version: i64) -> String {
    let known = newest_known();
    format!(
        "the database was written by a newer Dayend: its schema version is {version}, and this program knows up to {known}"
    )
}
