//! Opening and closing.

use crate::port::StoreError;
use crate::sqlite::checks::{self, Schema};
use crate::sqlite::error::store_error;
use crate::sqlite::lock;
use crate::sqlite::writer::Writer;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::fmt;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many reads run at once.
const READERS: u32 = 4;
/// How long a statement waits for a lock of another program (a backup tool, say).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many prepared statements a connection keeps: all of ours, in all sizes.
const STATEMENTS_KEPT: usize = 256;
/// The writer's page cache, in KiB (SQLite wants it negative).
const CACHE_KIB: &str = "-16384";
/// The log is cut back to this size after it was longer.
const LOG_SIZE_BYTES: &str = "67108864";

/// The store on one SQLite file, owned by one process. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a store share.
pub(crate) struct Shared {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
    /// Keeps the log open while the writer's connection is replaced. Were the last connection closed after a commit that
    /// could not be flushed, the next one would read the log from the start and bring that commit back.
    keeper: Mutex<Option<SqliteConnection>>,
    /// For connections of their own, such as a long check.
    pub(crate) reading: SqliteConnectOptions,
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SqliteStore").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the database file, makes it if it is missing, and brings its schema up to date. One process at a time:
    /// another one is `InUse`.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_capped(path, None).await
    }

    /// Like [`SqliteStore::open`], with a limit to the file's size in pages of 4 KiB, beyond which it is full.
    pub async fn open_capped(path: &Path, pages_max: Option<u32>) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        let lock = lock::take(&path)?;
        let fresh = !path.exists();
        let writing = options(&path, pages_max).synchronous(SqliteSynchronous::Full);
        // Only now may the file be made: a later connection that misses it must fail, not begin anew.
        let mut first = connect(&writing.clone().create_if_missing(true), &path).await?;
        if let Err(error) = prepare(&mut first, &path).await {
            close(first).await;
            return Err(error);
        }
        if fresh {
            keep_private(&path);
        }
        let reading = options(&path, pages_max).pragma("query_only", "ON");
        let mut keeper = connect(&reading, &path).await?;
        checks::schema(&mut keeper, &path).await?;
        Ok(Self::assemble(Writer::new(writing, first), reading, Some(keeper), path, lock))
    }

    /// Opens an existing database of this program's schema version for reading only, while no server uses it.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        if !path.exists() {
            return Err(StoreError::Unavailable(format!(
                "there is no database `{}`",
                path.display()
            )));
        }
        let lock = lock::take(&path)?;
        let reading = options(&path, None).pragma("query_only", "ON");
        let mut first = connect(&reading, &path).await?;
        let fits = readable(&mut first, &path).await;
        close(first).await;
        fits?;
        Ok(Self::assemble(Writer::refusing(), reading, None, path, lock))
    }

    fn assemble(
        writer: Writer,
        reading: SqliteConnectOptions,
        keeper: Option<SqliteConnection>,
        path: PathBuf,
        lock: File,
    ) -> Self {
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(reading.clone());
        let (keeper, lock) = (Mutex::new(keeper), Mutex::new(Some(lock)));
        Self { shared: Arc::new(Shared { writer, readers, keeper, reading, path, lock }) }
    }
}

impl Shared {
    /// Closes all connections, then lets other processes in.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(keeper) = keeper {
            close(keeper).await;
        }
        self.writer.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Relative paths are made absolute: SQLite would read one that begins with `file:` as an address.
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|error| {
        StoreError::Unavailable(format!("`{}` is not a path: {error}", path.display()))
    })
}

fn options(path: &Path, pages_max: Option<u32>) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS_KEPT)
        .pragma("cache_size", CACHE_KIB)
        .pragma("journal_size_limit", LOG_SIZE_BYTES)
        .pragma("trusted_schema", "OFF");
    match pages_max {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    }
}

async fn connect(
    options: &SqliteConnectOptions,
    path: &Path,
) -> Result<SqliteConnection, StoreError> {
    options.connect().await.map_err(|error| match store_error(error) {
        StoreError::Unsupported(_) => {
            StoreError::Unsupported(format!("`{}` is not a database of Dayend", path.display()))
        }
        StoreError::Unavailable(problem) => {
            StoreError::Unavailable(format!("`{}`: {problem}", path.display()))
        }
        other @ (StoreError::Inconsistent(_) | StoreError::InUse(_)) => other,
    })
}

async fn prepare(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    checks::library(connection).await?;
    checks::schema(connection, path).await?;
    checks::write_ahead_log(connection, path).await?;
    checks::migrate(connection).await?;
    checks::empty_log(connection).await;
    Ok(())
}

async fn readable(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    checks::library(connection).await?;
    match checks::schema(connection, path).await? {
        Schema::At(version) if version == crate::migrations::newest_known() => Ok(()),
        Schema::At(_) | Schema::Empty => Err(StoreError::Unsupported(format!(
            "`{}` has an older schema: start the server once, then it can be read",
            path.display()
        ))),
    }
}

async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database connection did not close cleanly");
    }
}

/// Takes a new database away from other users. The files are not opened for this: closing one would drop SQLite's locks.
fn keep_private(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        if file.exists()
            && let Err(error) = std::fs::set_permissions(&file, Permissions::from_mode(0o600))
        {
            tracing::warn!(%error, file = %file.display(), "the permissions of the database file could not be set");
        }
    }
}
