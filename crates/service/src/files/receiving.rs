//! Bytes that arrive: within the quota, into the vault, known to [`due`] before the first of them is written.

use super::audit::Event;
use super::documents::{Place, put};
use super::due;
use super::error::FileError;
use super::exchange::{Exchange, new_blob, place};
use super::pace::Pace;
use super::records::{Due, Extent, TenantRecord};
use super::usage::Reserved;
use dayend_engine::codes::Scope;
use dayend_files::{BlobId, Deposit, Deposited, Md5Sum, Sha256Sum};
use dayend_store::port::Guard;
use serde_json::json;
use std::sync::{Arc, PoisonError};
use tokio::sync::OwnedSemaphorePermit;

/// What must hold of the file that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    #[default]
    Nothing,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`: one of these tags, or none: any.
    Match(Vec<String>),
}

/// What is known of the bytes before they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Announced {
    /// Exactly so many must come.
    pub(super) declared_bytes: Option<u64>,
    /// The sender says that so many come.
    pub(super) coming_bytes: Option<u64>,
    pub(super) md5: Option<Md5Sum>,
    pub(super) sha256: Option<Sha256Sum>,
}

/// Bytes on their way in.
#[derive(Debug)]
pub(super) struct Receiving {
    deposit: Deposit,
    blob: BlobId,
    due: String,
    reserved: Reserved,
    announced: Announced,
    limit_bytes: u64,
    pace: Arc<Pace>,
    tenant: String,
    transfer: Option<OwnedSemaphorePermit>,
}

/// Bytes that have arrived and belong to nobody yet.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) extent: Extent,
    pub(super) sums: Deposited,
    /// What sees to their end, unless it is settled.
    pub(super) due: String,
    pub(super) reserved: Reserved,
}

impl Exchange {
    /// Gets ready for bytes; `files` is 1 if they become a file of their own.
    pub(super) async fn receive(
        self: &Arc<Self>,
        (scope, actor): (&Scope, &str),
        announced: Announced,
        files: u64,
    ) -> Result<Receiving, FileError> {
        let limit_bytes =
            announced.declared_bytes.unwrap_or(u64::MAX).min(self.settings.file_max_bytes);
        let expected = announced.coming_bytes.or(announced.declared_bytes).unwrap_or(0);
        if announced.declared_bytes.is_some_and(|declared| declared > self.settings.file_max_bytes)
            || expected > limit_bytes
        {
            return Err(FileError::TooLarge { limit_bytes });
        }
        let transfer = place(&self.arrivals).await?;
        let kept_free = self.settings.keep_free_bytes.saturating_add(expected);
        if self.vault.free_bytes().is_some_and(|free| free < kept_free) {
            return Err(FileError::Full);
        }
        let reserved =
            self.usage.of(self.store.as_ref(), &scope.tenant).await?.reserve(expected, files)?;
        let blob = new_blob();
        let due = self.expect(scope, actor, &blob).await?;
        let deposit = self.vault.deposit(&blob, expected);
        Ok(Receiving {
            deposit,
            blob,
            due,
            reserved,
            announced,
            limit_bytes,
            pace: Arc::clone(&self.pace),
            tenant: scope.tenant.clone(),
            transfer: Some(transfer),
        })
    }

    /// Makes known that there will be bytes, so that they are found if nothing becomes of them.
    async fn expect(&self, scope: &Scope, actor: &str, blob: &BlobId) -> Result<String, FileError> {
        let (at, what) =
            (due::unfinished_at(self.clock.now()), Due::Arriving(blob.as_str().to_owned()));
        let id = due::id(at, &what);
        let mut changes = vec![due::note(at, &scope.tenant, what)];
        let is_new =
            !self.tenants.lock().unwrap_or_else(PoisonError::into_inner).contains(&scope.tenant);
        if is_new {
            changes.push(put(&Place::new("", &scope.tenant), Guard::Any, &TenantRecord {}));
        }
        let detail = json!({ "blob": blob.as_str() });
        self.change(changes, Event { what: "file-arriving", actor, scope, detail }).await?;
        if is_new {
            self.tenants
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(scope.tenant.clone());
        }
        Ok(id)
    }
}

impl Receiving {
    /// The largest size that is taken.
    pub(super) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let size = self
            .deposit
            .size_bytes()
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if size > self.limit_bytes {
            return Err(FileError::TooLarge { limit_bytes: self.limit_bytes });
        }
        self.reserved.grow_to(size)?;
        self.pace.pass(&self.tenant, bytes.len()).await;
        Ok(self.deposit.write(bytes).await?)
    }

    /// Gives its place to others: no more bytes will come.
    pub(super) fn all_came(&mut self) {
        self.transfer = None;
    }

    /// All bytes have come: makes them durable, if they are what was announced.
    pub(super) async fn finish(self, exchange: &Exchange) -> Result<Received, FileError> {
        let got_bytes = self.deposit.size_bytes();
        if let Some(want_bytes) = self.announced.declared_bytes.filter(|want| *want != got_bytes) {
            self.deposit.discard().await;
            return Err(FileError::Size { want_bytes, got_bytes });
        }
        let sums = self.deposit.finish().await?;
        let differs = match (self.announced.md5, self.announced.sha256) {
            (Some(md5), _) if md5 != sums.md5 => Some("MD5 sum"),
            (_, Some(sha256)) if sha256 != sums.sha256 => Some("SHA-256 sum"),
            (_, _) => None,
        };
        if let Some(what) = differs {
            exchange.remove_blob(self.blob.as_str()).await;
            return Err(FileError::Checksum(what));
        }
        let extent = Extent { blob: self.blob.as_str().to_owned(), size: sums.size_bytes };
        Ok(Received { extent, sums, due: self.due, reserved: self.reserved })
    }
}
