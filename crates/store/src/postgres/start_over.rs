//! Forgetting an installation that was never finished.

use crate::database::Database as _;
use crate::port::{CommitError, StoreError};
use crate::postgres::PostgresStore;
use crate::session::{Session, Work};

/// Whether the database was ever worked with.
const USED: &str = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM definitions) OR EXISTS (SELECT 1 FROM runs) \
    THEN 1 ELSE 0 END AS BIGINT)";
const FORGET_HISTORY: &str = "DELETE FROM history";
const FORGET_SCOPES: &str = "DELETE FROM scopes";
const FORGET_USERS: &str = "DELETE FROM users";
const FORGET_APPS: &str = "DELETE FROM apps";
const FORGET_GRANTS: &str = "DELETE FROM grants";
const FORGET_COMMITS: &str = "DELETE FROM commits";
/// The chain begins anew; the owner's epoch goes on, which keeps earlier owners out.
const FORGET_CHAIN: &str = "UPDATE partitions SET head_seq = 0, head_hash = ''";

/// Takes back what a stopped `init` has written.
struct StartOver;

impl Work for StartOver {
    /// False: there is more than an `init` writes.
    type Done = bool;

    async fn run<S: Session>(&self, session: &mut S) -> Result<bool, StoreError> {
        let used: Option<(i64,)> = session.find(USED, &[]).await?;
        if used != Some((0,)) {
            return Ok(false);
        }
        for sql in [
            FORGET_HISTORY,
            FORGET_SCOPES,
            FORGET_USERS,
            FORGET_APPS,
            FORGET_GRANTS,
            FORGET_COMMITS,
            FORGET_CHAIN,
        ] {
            session.execute(sql, &[]).await?;
        }
        Ok(true)
    }
}

impl PostgresStore {
    /// Empties a database in which an installation was begun and never finished; false: it was worked with, and stays.
    pub async fn start_over(&self) -> Result<bool, StoreError> {
        self.write(StartOver).await.map_err(|error| match error {
            CommitError::NotDone(error) | CommitError::Unknown(error) => error,
        })
    }
}
