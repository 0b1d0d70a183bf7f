//! The schema, step by step. A step never changes once it was released.

use crate::dialect::migration_sqlite;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

/// The number, name and text of each step.
const STEPS: &[(i64, &str, &str)] = &[(1, "first", include_str!("../migrations/0001_first.sql"))];

/// The newest schema version of a database; none: no step was taken.
pub(crate) const NEWEST_APPLIED: &str = "SELECT MAX(version) FROM _sqlx_migrations";

/// The schema version that this program knows.
pub(crate) fn newest_known() -> i64 {
    STEPS.iter().map(|(version, _, _)| *version).max().unwrap_or_default()
}

/// All steps for SQLite.
pub(crate) fn migrator_sqlite() -> Migrator {
    let steps = STEPS.iter().map(|(version, name, text)| {
        let sql = AssertSqlSafe(migration_sqlite(text)).into_sql_str();
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}
