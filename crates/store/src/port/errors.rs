//! What a database can answer instead of rows.

/// What a database can answer instead of rows.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or used now (disk full, I/O error, busy); trying again later may work.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row breaks our own rules.
    #[error("the database is inconsistent: {0}")]
    Inconsistent(String),
    /// Another process owns the database.
    #[error("{0}")]
    InUse(String),
    /// The schema is newer than this program, or the SQLite library is too old.
    #[error("{0}")]
    Unsupported(String),
}

/// Why a write has no outcome: it did not happen.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the change could not be stored: {0}")]
pub struct WriteError(pub String);
