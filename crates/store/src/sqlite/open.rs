//! Opening and closing.

use crate::port::StoreError;
use crate::sqlite::checks::{self, Schema};
use crate::sqlite::connect::{Access, Place};
use crate::sqlite::files::{Files, explained};
use crate::sqlite::held::Held;
use crate::sqlite::lock;
use crate::sqlite::readers::Readers;
use crate::sqlite::writer::Writer;
use std::fmt;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The store on one SQLite file, owned by one process. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a store share.
pub(crate) struct Shared {
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    /// Keeps the log open while the writer's connection is replaced. Were the last connection closed after a commit that
    /// could not be flushed, the next one would read the log from the start and bring that commit back.
    keeper: Mutex<Option<Held>>,
    pub(crate) place: Place,
    lock: Mutex<Option<File>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SqliteStore")
            .field("path", &self.shared.place.path)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Takes the lock of the database at `path` without opening it; until the file is dropped, everybody else is `InUse`.
    pub fn lock(path: &Path) -> Result<File, StoreError> {
        lock::take(&absolute(path)?)
    }

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
        let mut place = Place { path, pages_max, files: None };
        // Only now may the file be made: a later connection that misses it must fail, not begin anew.
        let mut first = place.connect(Access::Create)?;
        let prepared = prepare(&mut first, &place).await;
        prepared.map_err(|error| explained(error, &place.path))?;
        if fresh {
            keep_private(&place.path);
        }
        let mut keeper = place.connect(Access::Read)?;
        checks::schema(&mut keeper, &place)?;
        place.files = Some(Arc::new(Files::of(&place.path)?));
        let writer = Writer::new(place.clone(), first)?;
        Ok(Self::assemble(writer, Some(keeper), place, lock))
    }

    /// Opens an existing database of this program's schema version for reading only, while no server uses it.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        if !path.exists() {
            return Err(StoreError::Unavailable(format!(
                "there is no database `{}`",
                path.display()
            )));
        }
        let lock = lock::take(&path)?;
        let place = Place { path, pages_max: None, files: None };
        let mut first = place.connect(Access::Read)?;
        checks::library(&mut first)?;
        match checks::schema(&mut first, &place)? {
            Schema::At(version) if version == crate::migrations::newest_known() => {}
            Schema::At(_) | Schema::Empty => {
                return Err(StoreError::Unsupported(format!(
                    "`{}` has an older schema: start the server once, then it can be read",
                    place.path.display()
                )));
            }
        }
        Ok(Self::assemble(Writer::refusing(), None, place, lock))
    }

    fn assemble(writer: Writer, keeper: Option<Held>, place: Place, lock: File) -> Self {
        let readers = Readers::new(place.clone());
        let (keeper, lock) = (Mutex::new(keeper), Mutex::new(Some(lock)));
        Self { shared: Arc::new(Shared { writer, readers, keeper, place, lock }) }
    }
}

impl Shared {
    /// Closes all connections, then lets other processes in.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        drop(self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.writer.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

async fn prepare(first: &mut Held, place: &Place) -> Result<(), StoreError> {
    checks::library(first)?;
    checks::schema(first, place)?;
    checks::write_ahead_log(first, &place.path)?;
    checks::migrate(place).await?;
    checks::empty_log(first);
    Ok(())
}

/// Relative paths are made absolute: SQLite would read one that begins with `file:` as an address.
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|error| {
        StoreError::Unavailable(format!("`{}` is not a path: {error}", path.display()))
    })
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
