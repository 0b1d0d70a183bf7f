//! The two sides of a copy.

use crate::copy::digest::{TableDigest, digests, same};
use crate::copy::source::Source;
use crate::copy::tables::{OCCUPIED, shapes};
use crate::copy::transfer::Transfer;
use crate::database::Database;
use crate::dialect::BEGIN_READ_POSTGRES;
use crate::port::{CommitError, Store, StoreError};
use crate::postgres::Purpose;
use crate::session::Session as _;
use crate::sqlite::Access;
use crate::{PostgresStore, SqliteStore};
use futures_util::FutureExt as _;
use tokio::runtime::Handle;

/// A database that takes part in a copy.
#[derive(Clone, Debug)]
pub enum Side {
    /// A file.
    Sqlite(SqliteStore),
    /// A database of a server.
    Postgres(PostgresStore),
}

/// Why there is no copy. The source is untouched, and the target as empty as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The target holds rows already.
    #[error("the target is not empty")]
    NotEmpty,
    /// The source cannot be read.
    #[error("{0}")]
    Source(StoreError),
    /// The target cannot be written, or the copy was not the same.
    #[error("{0}")]
    Target(StoreError),
}

impl Side {
    /// What else can be done with it.
    pub fn store(&self) -> &dyn Store {
        match self {
            Self::Sqlite(store) => store,
            Self::Postgres(store) => store,
        }
    }

    /// Whether it holds nothing but a schema.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = match self {
            Self::Sqlite(store) => Database::find(store, OCCUPIED, &[]).await?,
            Self::Postgres(store) => Database::find(store, OCCUPIED, &[]).await?,
        };
        Ok(found == Some((0,)))
    }

    /// What each table holds.
    pub async fn digests(&self) -> Result<Vec<TableDigest>, StoreError> {
        match self {
            Self::Sqlite(store) => {
                let place = store.shared.place.clone();
                let read = tokio::task::spawn_blocking(move || {
                    let mut held = place.connect(Access::Read)?;
                    let digests = digests(&mut held, &shapes()).now_or_never();
                    digests.expect("statements on this thread never wait")
                });
                let cut_short =
                    |error| StoreError::Unavailable(format!("reading was cut short ({error})"));
                read.await.map_err(cut_short)?
            }
            Self::Postgres(store) => {
                let mut session = store.shared.address.connect(Purpose::Check).await?;
                session.execute(BEGIN_READ_POSTGRES, &[]).await?;
                let digests = digests(&mut session, &shapes()).await;
                session.close().await;
                digests
            }
        }
    }
}

/// Copies everything from one side to the other one, which must be empty, in one transaction, and compares both before
/// that is committed. Both must be open for this process alone. Answers with what each table holds.
pub async fn copy(from: &Side, to: &Side) -> Result<Vec<TableDigest>, CopyError> {
    if !to.is_empty().await.map_err(CopyError::Target)? {
        return Err(CopyError::NotEmpty);
    }
    let source = match from {
        Side::Sqlite(store) => Source::File(store.shared.place.clone()),
        Side::Postgres(store) => Source::Server(store.clone()),
    };
    let on_a_thread = matches!(to, Side::Sqlite(_));
    let transfer = Transfer { source, runtime: Handle::current(), on_a_thread };
    // Boxed: such a transaction's future is large.
    let copied = match to {
        Side::Sqlite(store) => Box::pin(Database::write(store, transfer)).await,
        Side::Postgres(store) => Box::pin(Database::write(store, transfer)).await,
    };
    match copied {
        Ok(digests) => Ok(digests),
        Err(CommitError::NotDone(error)) => Err(CopyError::Target(error)),
        Err(CommitError::Unknown(error)) => {
            tracing::warn!("the answer to the commit was lost: {error}");
            let theirs = from.digests().await.map_err(CopyError::Source)?;
            let ours = to.digests().await.map_err(CopyError::Target)?;
            same(&theirs, &ours).map(|()| ours).map_err(|_| CopyError::Target(error))
        }
    }
}
