//! What differs between the databases, side by side.

/// Begins a transaction that will write. SQLite: takes the write lock at once, because a later upgrade of a read
/// transaction fails without waiting.
pub(crate) const BEGIN_WRITE_SQLITE: &str = "BEGIN IMMEDIATE";
/// Begins a transaction that sees one instant of the database.
pub(crate) const BEGIN_READ_SQLITE: &str = "BEGIN";
/// Ends a transaction.
pub(crate) const COMMIT: &str = "COMMIT";
/// Takes a transaction back.
pub(crate) const ROLLBACK: &str = "ROLLBACK";

/// Writes the placeholder of one value of a multi-row statement. SQLite: without a number, because SQLite looks up
/// each numbered one in a list and so needs quadratic time.
pub(crate) fn placeholder_sqlite(text: &mut String) {
    text.push('?');
}

/// A migration as SQLite wants it: whole-number keys name the row itself, and tables that are only read by their key
/// are stored in its order.
pub(crate) fn migration_sqlite(text: &str) -> String {
    text.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
        .replace("/* clustered */", "WITHOUT ROWID")
}

/// The version of the library.
pub(crate) const LIBRARY_VERSION_SQLITE: &str = "SELECT sqlite_version()";
/// Whether the file holds tables at all, and those of a program with our kind of migrations.
pub(crate) const TABLES_SQLITE: &str = "SELECT COUNT(*), COUNT(CASE WHEN name = '_sqlx_migrations' THEN 1 END) FROM sqlite_master WHERE type = 'table'";
/// Makes readers independent of the writer; answers with the mode that is in force afterwards.
pub(crate) const WRITE_AHEAD_LOG_SQLITE: &str = "PRAGMA journal_mode = WAL";
/// Moves the log into the database file, flushes that, and empties the log.
pub(crate) const EMPTY_LOG_SQLITE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// The database's own checks.
pub(crate) const INTEGRITY_SQLITE: &str = "PRAGMA integrity_check";
/// Rows that refer to a missing row.
pub(crate) const FOREIGN_KEYS_SQLITE: &str =
    "SELECT \"table\" AS child, \"parent\" AS parent FROM pragma_foreign_key_check";
