//! Removing files.

use super::audit::Event;
use super::blobs::discarded;
use super::documents::delete;
use super::error::FileError;
use super::exchange::Exchange;
use super::records::{FileRecord, NumberRecord, file_id};
use dayend_engine::codes::Scope;
use dayend_files::FileName;
use dayend_store::port::Guard;
use serde_json::json;
use std::sync::Arc;

impl Exchange {
    /// Removes a file; who removes one that is being replaced removes the newest.
    pub async fn remove(
        self: &Arc<Self>,
        scope: &Scope,
        name: &FileName,
        actor: &str,
    ) -> Result<(), FileError> {
        self.remove_if(scope, name, (actor, "file-delete"), |_| true).await
    }

    /// As [`Exchange::remove`], if the file still is as `wanted` says.
    pub(super) async fn remove_if(
        self: &Arc<Self>,
        scope: &Scope,
        name: &FileName,
        (actor, what): (&str, &'static str),
        wanted: impl Fn(&FileRecord) -> bool,
    ) -> Result<(), FileError> {
        // Counted before anything goes: afterwards it would be missing twice.
        let usage = self.usage.of(self.store.as_ref(), &scope.tenant).await?;
        loop {
            let found = self.file(scope, name).await?.filter(|found| wanted(&found.record));
            let found =
                found.ok_or_else(|| FileError::NotFound { what: "file", id: name.to_string() })?;
            let (tenant, file) = (&scope.tenant, &found.record);
            let mut changes = vec![
                delete::<FileRecord>(
                    tenant,
                    &file_id(scope, name),
                    Guard::Revision(found.revision),
                ),
                delete::<NumberRecord>(tenant, &file.number.to_string(), Guard::Any),
            ];
            changes.extend(discarded(self.clock.now(), tenant, &file.extents));
            let detail = json!({ "name": file.name, "number": file.number, "size": file.size, "sha256": file.sha256 });
            if self.change(changes, Event { what, actor, scope, detail }).await? {
                usage.release(file.size, 1);
                self.remove_soon(&file.extents);
                return Ok(());
            }
        }
    }
}
