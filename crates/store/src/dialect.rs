//! What differs between the databases, side by side.

/// Begins a transaction that will write. SQLite: takes the write lock at once, because a later upgrade of a read
/// transaction fails without waiting.
pub(crate) const BEGIN_WRITE_SQLITE: &str = "BEGIN IMMEDIATE";
/// PostgreSQL: of two groups that both saw the same end of the chain, the later one is refused instead of forking it.
pub(crate) const BEGIN_WRITE_POSTGRES: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";
/// Begins a transaction that sees one instant of the database.
pub(crate) const BEGIN_READ_SQLITE: &str = "BEGIN";
pub(crate) const BEGIN_READ_POSTGRES: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Ends a transaction.
pub(crate) const COMMIT: &str = "COMMIT";
/// Takes a transaction back.
pub(crate) const ROLLBACK: &str = "ROLLBACK";

/// A text with placeholders as SQLite numbers them: `$2` would be a name to it, numbered by its first appearance.
pub(crate) fn numbered_sqlite(text: &str) -> String {
    text.replace('$', "?")
}

/// A migration as SQLite wants it: whole-number keys name the row itself, and tables that are only read by their key
/// are stored in its order.
pub(crate) fn migration_sqlite(text: &str) -> String {
    text.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
        .replace("/* clustered */", "WITHOUT ROWID")
}

/// A migration as PostgreSQL wants it: texts are ordered by their bytes, as in SQLite, whatever the database's language;
/// and a table whose rows change often keeps room on its pages, so that a change needs no new index entry.
pub(crate) fn migration_postgres(text: &str) -> String {
    text.replace(" TEXT", " TEXT COLLATE \"C\"")
        .replace("/* clustered */", "WITH (fillfactor = 80)")
}

/// The version of the library.
pub(crate) const LIBRARY_VERSION_SQLITE: &str = "SELECT sqlite_version()";
/// Whether the file holds tables at all, and those of a program with our kind of migrations.
pub(crate) const TABLES_SQLITE: &str = "SELECT COUNT(*), COUNT(CASE WHEN name = '_sqlx_migrations' THEN 1 END) FROM sqlite_master WHERE type = 'table'";
pub(crate) const TABLES_POSTGRES: &str = "SELECT COUNT(*), COUNT(CASE WHEN tablename = '_sqlx_migrations' THEN 1 END) FROM pg_tables \
    WHERE schemaname = current_schema()";
/// Makes readers independent of the writer; answers with the mode that is in force afterwards.
pub(crate) const WRITE_AHEAD_LOG_SQLITE: &str = "PRAGMA journal_mode = WAL";
/// Moves the log into the database file, flushes that, and empties the log.
pub(crate) const EMPTY_LOG_SQLITE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// The database's own checks.
pub(crate) const INTEGRITY_SQLITE: &str = "PRAGMA integrity_check";
/// Rows that refer to a missing row.
pub(crate) const FOREIGN_KEYS_SQLITE: &str =
    "SELECT \"table\" AS child, \"parent\" AS parent FROM pragma_foreign_key_check";
/// Indexes that the database itself does not trust.
pub(crate) const INVALID_INDEXES_POSTGRES: &str = "SELECT CAST(indexrelid AS regclass)::text FROM pg_index \
    JOIN pg_class ON pg_class.oid = pg_index.indexrelid JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace \
    WHERE nspname = current_schema() AND NOT (indisvalid AND indisready)";
/// What a connection is connected to: the server's version, whether it is a standby, how it commits, whether it flushes,
/// how it encodes text, whether our settings arrived, the schema, and the process that serves the connection with the instant of its start.
pub(crate) const CONNECTED_POSTGRES: &str = "SELECT CAST(current_setting('server_version_num') AS bigint), pg_is_in_recovery(), \
    current_setting('synchronous_commit'), current_setting('fsync'), current_setting('server_encoding'), \
    current_setting('idle_in_transaction_session_timeout'), \
    (SELECT CAST(oid AS bigint) FROM pg_namespace WHERE nspname = current_schema()), pg_backend_pid(), \
    (SELECT CAST(EXTRACT(EPOCH FROM backend_start) * 1000000 AS bigint) FROM pg_stat_activity WHERE pid = pg_backend_pid())";
/// Which process of the server serves a session; a pooler may answer with another one each time.
pub(crate) const SERVED_BY_POSTGRES: &str = "SELECT CAST(pg_backend_pid() AS bigint)";
/// Puts a setting in force for the session.
pub(crate) const SET_POSTGRES: &str = "SELECT set_config($1, $2, false)";
/// Lets a server notice that its client is gone while a statement runs, where it can (since version 14).
pub(crate) const NOTICE_GONE_POSTGRES: &str =
    "SELECT set_config('client_connection_check_interval', '2s', false)";
/// Takes the lock of the one process that writes, unless another session holds it; the session's end lets it go.
pub(crate) const LOCK_POSTGRES: &str = "SELECT pg_try_advisory_lock($1)";
/// Lets all locks go.
pub(crate) const UNLOCK_POSTGRES: &str = "SELECT pg_advisory_unlock_all()::text";
/// Ends a session of this program that it lost the connection to: the process, and the instant of its start.
pub(crate) const END_LOST_POSTGRES: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE pid = CAST($1 AS bigint) AND CAST(EXTRACT(EPOCH FROM backend_start) * 1000000 AS bigint) = $2";
