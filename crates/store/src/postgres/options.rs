//! How long a database may take.

use std::time::Duration;

/// The limits of a [`crate::PostgresStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Connecting, with TLS and log-in.
    pub connect_timeout: Duration,
    /// One statement; the server ends it, and if the server does not answer either, the connection is given up a little later.
    pub statement_timeout: Duration,
    /// How long opening waits for the session of an earlier process to end.
    pub lock_timeout: Duration,
    /// How long a caller waits until the first row of an answer is there.
    pub read_timeout: Duration,
    /// How many statements read at once.
    pub readers: u32,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(8),
            lock_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(4),
            readers: 4,
        }
    }
}
