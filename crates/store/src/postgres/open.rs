//! Opening and closing.

use crate::dialect::{BEGIN_READ_POSTGRES, ROLLBACK, TABLES_POSTGRES};
use crate::migrations::{
    NEWEST_APPLIED, migrate_error, migrator_postgres, newer_schema, newest_known,
};
use crate::port::StoreError;
use crate::postgres::address::{Address, Purpose};
use crate::postgres::error::{shared_sessions, store_error};
use crate::postgres::options::PostgresOptions;
use crate::postgres::readers::Readers;
use crate::postgres::session::PgSession;
use crate::postgres::writer::Writer;
use crate::session::Session as _;
use secrecy::SecretString;
use std::fmt;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// The store on one PostgreSQL database, written by one process. Cheap to clone.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a store share.
pub(crate) struct Shared {
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    pub(crate) address: Address,
    /// What the caller wants to be kept as long as the database is open.
    kept: Mutex<Option<File>>,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PostgresStore")
            .field("address", &self.shared.address.shown)
            .finish_non_exhaustive()
    }
}

/// The state of a database's schema.
enum Schema {
    /// There are no tables.
    Empty,
    /// The newest step that was taken.
    At(i64),
}

impl PostgresStore {
    /// Refuses a URL that [`PostgresStore::open`] would refuse, without connecting. What is said never repeats a password.
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        Address::new(url, None, PostgresOptions::default()).map(drop)
    }

    /// Opens the database at `url`, which must exist and hold no other program's tables, and brings its schema up to date.
    /// The URL holds no password. One process at a time: another one is `InUse`.
    pub async fn open(
        url: &str,
        password: Option<SecretString>,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        let address = Address::new(url, password.as_ref(), options)?;
        // First alone, then the schema: of two that start together, one makes it and the other one is refused.
        let (writer, flushes) = Writer::open(address.clone()).await?;
        if !flushes {
            tracing::warn!(
                "the database server does not flush what it commits (`fsync` is off): after a power failure, work that was answered may be missing"
            );
        }
        let prepared = async {
            prepare(&address, &writer).await?;
            // A start reads at once, and must not fail for the time that it takes to connect.
            address.connect(Purpose::Read).await
        };
        match prepared.await {
            Ok(reading) => Ok(Self::assemble(writer, address, reading)),
            Err(error) => {
                writer.close().await;
                Err(error)
            }
        }
    }

    /// Holds a locked file until the store is closed.
    #[must_use]
    pub fn holding(self, lock: File) -> Self {
        *self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        self
    }

    /// Opens an existing database of this program's schema version for reading only. A server may go on writing to it.
    pub async fn open_read_only(
        url: &str,
        password: Option<SecretString>,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        let address = Address::new(url, password.as_ref(), options)?;
        let mut session = address.connect(Purpose::Read).await?;
        match schema(&mut session, &address).await? {
            Schema::At(version) if version == newest_known() => {
                Ok(Self::assemble(Writer::refusing(), address, session))
            }
            Schema::At(_) | Schema::Empty => Err(StoreError::Unsupported(format!(
                "the database {} has an older schema: start the server once, then it can be read",
                address.shown
            ))),
        }
    }

    fn assemble(writer: Writer, address: Address, reading: PgSession) -> Self {
        let readers = Readers::new(address.clone(), reading);
        let kept = Mutex::new(None);
        Self { shared: Arc::new(Shared { writer, readers, address, kept }) }
    }
}

impl Shared {
    /// Closes all connections, then lets other processes in.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        drop(self.kept.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// On a session of its own, whose statements may take as long as they need.
async fn prepare(address: &Address, writer: &Writer) -> Result<(), StoreError> {
    let mut session = address.connect(Purpose::Check).await?;
    let prepared = async {
        apart(&mut session, writer).await?;
        schema(&mut session, address).await?;
        // Not `run`, whose future cannot be sent to another thread.
        let taken = migrator_postgres().run_direct(None, session.connection(), false).await;
        taken.map_err(|error| migrate_error(error, store_error))
    };
    let prepared = prepared.await;
    session.close().await;
    prepared
}

/// Refuses a pooler that shares sessions: while one of ours is in a transaction, the other one must still be the same.
async fn apart(session: &mut PgSession, writer: &Writer) -> Result<(), StoreError> {
    session.execute(BEGIN_READ_POSTGRES, &[]).await?;
    let ours = session.served_by().await?;
    // The one that was connected first has asked nothing since.
    if Some(ours) == writer.backend().await || ours != session.backend.pid {
        return Err(shared_sessions());
    }
    let same = writer.is_served_by_the_same().await?;
    session.execute(ROLLBACK, &[]).await?;
    if same { Ok(()) } else { Err(shared_sessions()) }
}

/// Looks whose database this is and how new, without touching it.
async fn schema(session: &mut PgSession, address: &Address) -> Result<Schema, StoreError> {
    let tables: Option<(i64, i64)> = session.find(TABLES_POSTGRES, &[]).await?;
    match tables {
        None | Some((0, _)) => Ok(Schema::Empty),
        Some((_, 0)) => Err(StoreError::Unsupported(format!(
            "{} is not a database of Dayend: it holds tables of another program",
            address.shown
        ))),
        Some(_) => {
            let newest: Option<(Option<i64>,)> = session.find(NEWEST_APPLIED, &[]).await?;
            let version = newest.and_then(|(version,)| version).unwrap_or_default();
            if version > newest_known() {
                Err(StoreError::Unsupported(newer_schema(version)))
            } else {
                Ok(Schema::At(version))
            }
        }
    }
}
