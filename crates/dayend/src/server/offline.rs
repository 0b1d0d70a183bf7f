//! A data directory that no server uses just now, opened for an administrator.

use super::config;
use super::database::Database;
use super::direct_writer::DirectWriter;
use super::directory::Directory;
use super::failure::{Failure, FailureKind};
use super::master_key::keys_of;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_identity::admin::AdminError;
use dayend_identity::keys::KeyDirectory;
use dayend_identity::{Identity, IdentitySettings};
use dayend_service::clock::{Clock, SystemClock};
use dayend_store::port::{HistoryRecord, Partition, Store, Write, Writer};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The event of the first record of every audit.
pub(super) const INIT_EVENT: &str = "init";
/// The record is the first one; a few more are looked at for directories that were made by other means.
const INIT_WITHIN: u32 = 16;

/// An open data directory.
pub(super) struct Offline {
    pub(super) store: Arc<dyn Store>,
    /// Boxed: it is large, and it travels through every command's future.
    pub(super) identity: Box<Identity>,
    writer: Arc<dyn Writer>,
    clock: Arc<dyn Clock>,
}

/// What the first audit record says about the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Installation {
    pub(super) tenant: String,
    pub(super) service: String,
    pub(super) workspace: String,
}

impl Offline {
    /// Opens a whole data directory; refuses while a server or another administrator has it.
    pub(super) async fn open(data: &Path) -> Result<Self, Failure> {
        let directory = Directory::at(data)?;
        let settings = config::of_whole(&directory, &[])?;
        let database = Database::of(&directory, &settings)?;
        let base_url = settings.base_url.as_deref().unwrap_or("https://localhost");
        Self::on(keys_of(&directory, &settings)?, &database, base_url).await
    }

    /// Opens the database and the keys of a directory.
    pub(super) async fn on(
        keys: KeyDirectory,
        database: &Database,
        base_url: &str,
    ) -> Result<Self, Failure> {
        let store = database.open().await?;
        let opened = Self::with_store(keys, database, base_url, Arc::clone(&store)).await;
        if opened.is_err() {
            store.close().await;
        }
        opened
    }

    async fn with_store(
        keys: KeyDirectory,
        database: &Database,
        base_url: &str,
        store: Arc<dyn Store>,
    ) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let writer: Arc<dyn Writer> = Arc::new(
            DirectWriter::open(Arc::clone(&store), Arc::clone(&clock))
                .await
                .map_err(|error| database.failure(&error))?,
        );
        let settings = IdentitySettings { keys, ..IdentitySettings::new(base_url, PathBuf::new()) };
        let identity = Identity::open(Arc::clone(&store), Arc::clone(&writer), settings)
            .map_err(|error| Failure::cannot_serve(error.to_string()))?;
        Ok(Self { store, identity: Box::new(identity), writer, clock })
    }

    /// The present time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes an audit record.
    pub(super) async fn audit(&self, history: HistoryRecord) -> Result<(), Failure> {
        let written = self.writer.write(Write::Audit { history }).await;
        written.map(|_| ()).map_err(|error| Failure::cannot_serve(error.to_string()))
    }

    /// The tenant, service and workspace that `init` made.
    pub(super) async fn installation(&self) -> Result<Installation, Failure> {
        installation_in(self.store.as_ref()).await?.ok_or_else(|| {
            Failure::cannot_serve(
                "the audit does not begin with the record of `dayend init`: say --tenant",
            )
        })
    }

    /// Closes the database, whatever `result` is.
    pub(super) async fn close_with<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.store.close().await;
        result
    }
}

/// The tenant, service and workspace that `init` made in a database; none: it made nothing there.
pub(super) async fn installation_in(store: &dyn Store) -> Result<Option<Installation>, Failure> {
    let records = store.history(Partition(0), None, 0, INIT_WITHIN).await;
    let records = records.map_err(|error| Failure::cannot_serve(error.to_string()))?;
    let found = records.iter().find(|row| row.record.event == INIT_EVENT);
    Ok(found.and_then(|row| serde_json::from_str(&row.record.detail).ok()))
}

/// Whether anything ever happened in a database: its making is the first record.
pub(super) async fn has_records(store: &dyn Store) -> Result<bool, Failure> {
    let first = store.history(Partition(0), None, 0, 1).await;
    let first = first.map_err(|error| Failure::cannot_serve(error.to_string()))?;
    Ok(!first.is_empty())
}

impl Installation {
    /// As a scope.
    pub(super) fn scope(&self) -> Scope {
        Scope {
            tenant: self.tenant.clone(),
            service: self.service.clone(),
            workspace: self.workspace.clone(),
        }
    }

    /// The first record of the audit.
    pub(super) fn record(&self, at: Timestamp) -> HistoryRecord {
        let detail = serde_json::to_string(self).expect("a struct of strings is always JSON");
        HistoryRecord {
            run: None,
            at,
            actor: "dayend".to_owned(),
            event: INIT_EVENT.to_owned(),
            detail,
        }
    }
}

/// Who stands in the audit for what an administrator does on the machine itself.
pub(super) fn actor() -> String {
    format!("uid{}@admin", rustix::process::getuid().as_raw())
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let kind = match &error {
            AdminError::Exists(_) | AdminError::LastAdministrator(_) | AdminError::Raced(_) => {
                FailureKind::InUse
            }
            AdminError::Unknown(_) => FailureKind::NotFound,
            AdminError::Invalid(_) | AdminError::WeakPassword(_) | AdminError::Forbidden(_) => {
                FailureKind::Usage
            }
            AdminError::Busy | AdminError::Unavailable(_) => FailureKind::CannotServe,
        };
        Self { kind, sentence: error.to_string() }
    }
}
