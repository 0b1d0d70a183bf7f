//! The exchange: its parts, and what is set about it.

use super::error::FileError;
use super::pace::Pace;
use super::usage::{Quota, Usage};
use crate::clock::Clock;
use dayend_engine::codes::Scope;
use dayend_files::{BlobId, FileName, SecretKey, Vault};
use dayend_identity::RefusalGate;
use dayend_store::port::{Store, Writer};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Nobody waits longer for a place.
const PLACE_WITHIN: Duration = Duration::from_secs(10);

/// What is set about files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// How long a link is good when nothing is said.
    pub link_life: Duration,
    /// The longest time that may be asked for.
    pub link_life_max: Duration,
    /// The largest file.
    pub file_max_bytes: u64,
    /// What one tenant may have.
    pub tenant_max_bytes: u64,
    pub tenant_max_files: u64,
    /// What must stay free on the disk, for the database and everything else.
    pub keep_free_bytes: u64,
    /// Files that are on their way in at a time, and as many out.
    pub transfers: usize,
    /// How fast the files of one tenant move, in and out together; none: as fast as they can.
    pub tenant_bytes_per_s: Option<u64>,
    /// None: files stay until somebody removes them.
    pub keep_days: Option<u64>,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            link_life: Duration::from_hours(24),
            link_life_max: Duration::from_hours(7 * 24),
            file_max_bytes: 1 << 40,
            tenant_max_bytes: 1 << 40,
            tenant_max_files: 1_000_000,
            keep_free_bytes: 256 << 20,
            transfers: 1024,
            tenant_bytes_per_s: None,
            keep_days: None,
        }
    }
}

/// Hears of a file.
pub(super) type Listener = Box<dyn Fn(&Scope, &FileName) + Send + Sync>;

/// What an [`Exchange`] is made of.
pub struct ExchangeParts {
    pub store: Arc<dyn Store>,
    pub writer: Arc<dyn Writer>,
    pub vault: Vault,
    pub clock: Arc<dyn Clock>,
    pub settings: FileSettings,
    /// The key under which the secrets of links are hashed.
    pub key: [u8; 32],
}

/// Keeps files by name.
pub struct Exchange {
    pub(super) store: Arc<dyn Store>,
    pub(super) writer: Arc<dyn Writer>,
    pub(super) vault: Vault,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: FileSettings,
    pub(super) key: SecretKey,
    pub(super) usage: Usage,
    pub(super) refusals: RefusalGate,
    /// Places for what comes in, and for what goes out: who is slow with one does not hinder the other.
    pub(super) arrivals: Arc<Semaphore>,
    pub(super) departures: Arc<Semaphore>,
    pub(super) pace: Arc<Pace>,
    /// Tenants that are known to have a document.
    pub(super) tenants: Mutex<HashSet<String>>,
    last_number: AtomicU64,
    /// Who hears of files that come.
    listener: OnceLock<Listener>,
}

impl Exchange {
    /// Puts the parts together.
    pub fn new(parts: ExchangeParts) -> Arc<Self> {
        let ExchangeParts { store, writer, vault, clock, settings, key } = parts;
        let quota = Quota { bytes: settings.tenant_max_bytes, files: settings.tenant_max_files };
        Arc::new(Self {
            store,
            writer,
            vault,
            clock,
            key: SecretKey::new(&key),
            usage: Usage::new(quota),
            refusals: RefusalGate::new(),
            arrivals: Arc::new(Semaphore::new(settings.transfers)),
            departures: Arc::new(Semaphore::new(settings.transfers)),
            pace: Arc::new(Pace::new(settings.tenant_bytes_per_s)),
            tenants: Mutex::default(),
            last_number: AtomicU64::new(0),
            listener: OnceLock::new(),
            settings,
        })
    }

    /// Names the one who hears of each file that has come, whole.
    pub(super) fn tell_of_arrivals(&self, listener: Listener) {
        if self.listener.set(listener).is_err() {
            tracing::error!("somebody else hears of files already");
        }
    }

    /// A file is there.
    pub(super) fn arrived(&self, scope: &Scope, name: &FileName) {
        if let Some(listener) = self.listener.get() {
            listener(scope, name);
        }
    }

    /// Whether bytes can be stored: settings may be wrong.
    pub async fn check(&self) -> Result<(), FileError> {
        Ok(self.vault.check().await?)
    }

    /// The largest file that is taken.
    pub fn file_max_bytes(&self) -> u64 {
        self.settings.file_max_bytes
    }

    /// A number for a file: the time in microseconds, or one more than the last one. Fits into a double.
    pub(super) fn next_number(&self) -> u64 {
        let now = u64::try_from(self.clock.now().0).unwrap_or(0);
        let next = |last: u64| Some(now.max(last.saturating_add(1)));
        let last = self.last_number.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        now.max(last.unwrap_or_else(|last| last).saturating_add(1))
    }
}

/// A place for one transfer, as soon as there is one.
pub(super) async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, FileError> {
    let waiting = tokio::time::timeout(PLACE_WITHIN, Arc::clone(places).acquire_owned());
    waiting.await.ok().and_then(Result::ok).ok_or(FileError::Busy)
}

/// An id for new bytes.
pub(super) fn new_blob() -> BlobId {
    BlobId::new(uuid::Uuid::now_v7().simple().to_string()).expect("a UUID is hex digits")
}

/// An id for one version of a file, or an upload.
pub(super) fn new_tag() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl std::fmt::Debug for ExchangeParts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ExchangeParts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Exchange").field("settings", &self.settings).finish_non_exhaustive()
    }
}
