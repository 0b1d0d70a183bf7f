//! What is done again and again: bytes that nobody needs go, what was never finished goes, old files go.

use super::audit::Event;
use super::documents::{Found, find, list};
use super::due;
use super::error::FileError;
use super::exchange::Exchange;
use super::records::{Due, DueRecord, FileRecord, Stage, TenantRecord, UploadRecord};
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_files::{BlobId, FileName};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(10);
/// Documents that are looked at together.
const PAGE: u32 = 500;
const DAY_MICROS: i64 = 86_400_000_000;

impl Exchange {
    /// Sweeps at the start, and then again and again, for ever.
    pub async fn sweep_for_ever(self: Arc<Self>) {
        let mut often = tokio::time::interval(EVERY);
        often.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            often.tick().await;
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "not everything that nobody needs could be removed; it is tried again");
            }
        }
    }

    /// One round.
    pub async fn sweep(self: &Arc<Self>) -> Result<(), FileError> {
        let now = self.clock.now();
        self.retire(now).await?;
        let mut after = String::new();
        loop {
            let page = due::list(self.store.as_ref(), now, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            self.see_to(page).await?;
        }
    }

    async fn see_to(self: &Arc<Self>, page: Vec<Found<DueRecord>>) -> Result<(), FileError> {
        let mut done = Vec::new();
        for found in page {
            match self.end(&found).await {
                Ok(true) => done.push(due::forget(&found.id)),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(due = found.id, %error, "what is left of an upload could not be removed");
                }
            }
        }
        if done.is_empty() {
            return Ok(());
        }
        let detail = json!({ "pieces": done.len() });
        self.change(
            done,
            Event { what: "files-swept", actor: "dayend", scope: &nowhere(""), detail },
        )
        .await
        .map(drop)
    }

    /// True: nothing is left of it.
    async fn end(self: &Arc<Self>, found: &Found<DueRecord>) -> Result<bool, FileError> {
        let tenant = &found.record.tenant;
        match &found.record.what {
            Due::Garbage(blob) => self.free(blob).await,
            Due::Arriving(blob) => {
                // Claimed first: whoever is just finishing it is too late, and nobody sees a file without bytes.
                let detail = json!({ "blob": blob });
                let event = Event {
                    what: "file-given-up",
                    actor: "dayend",
                    scope: &nowhere(tenant),
                    detail,
                };
                if self.change(vec![due::claim(found)], event).await? {
                    self.free(blob).await
                } else {
                    Ok(false)
                }
            }
            Due::Upload(upload) => {
                let there = find::<UploadRecord>(self.store.as_ref(), tenant, upload).await?;
                let Some(there) = there else { return Ok(true) };
                let scope = there.record.scope(tenant);
                match there.record.stage {
                    Stage::Open | Stage::Closing => self.abort(&scope, there, "dayend").await?,
                    Stage::Committed | Stage::Aborted => {
                        self.clear_upload(&scope, upload, &there.record).await;
                    }
                }
                // It forgets what was due itself.
                Ok(false)
            }
        }
    }

    async fn free(&self, blob: &str) -> Result<bool, FileError> {
        if let Some(id) = BlobId::new(blob) {
            self.vault.remove(&id).await?;
        }
        Ok(true)
    }

    /// Removes files that are older than they may become.
    async fn retire(self: &Arc<Self>, now: Timestamp) -> Result<(), FileError> {
        let Some(days) = self.settings.keep_days else { return Ok(()) };
        let kept = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY_MICROS);
        let before = now.0.saturating_sub(kept);
        let mut after = String::new();
        loop {
            let page = list::<TenantRecord>(self.store.as_ref(), ("", None), &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for tenant in page {
                self.retire_of(&tenant.id, before).await?;
            }
        }
    }

    async fn retire_of(self: &Arc<Self>, tenant: &str, before: i64) -> Result<(), FileError> {
        let mut after = String::new();
        loop {
            let page =
                list::<FileRecord>(self.store.as_ref(), (tenant, None), &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for file in page.into_iter().filter(|file| file.record.modified_at < before) {
                let Some((scope, name)) = named(tenant, &file) else { continue };
                let old = |there: &FileRecord| there.modified_at < before;
                match self.remove_if(&scope, &name, ("dayend", "file-expired"), old).await {
                    Ok(()) | Err(FileError::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Where a file is, by the id of its document.
fn named(tenant: &str, file: &Found<FileRecord>) -> Option<(Scope, FileName)> {
    let folder = file.id.strip_suffix(&file.record.name)?.strip_suffix('/')?;
    let (service, workspace) = folder.split_once('/')?;
    let unescaped = |text: &str| text.replace("%2F", "/").replace("%25", "%");
    let scope = Scope {
        tenant: tenant.to_owned(),
        service: unescaped(service),
        workspace: unescaped(workspace),
    };
    Some((scope, FileName::new(&file.record.name).ok()?))
}

fn nowhere(tenant: &str) -> Scope {
    Scope { tenant: tenant.to_owned(), service: String::new(), workspace: String::new() }
}
