//! Files on their way out, and lists of them.

use super::audit::Event;
use super::checked::checked;
use super::documents::list;
use super::error::FileError;
use super::exchange::{Exchange, place};
use super::incoming::named;
use super::records::{Described, FileRecord, folder};
use bytes::Bytes;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_files::{ByteStream, FileName, Prefix, VaultError};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;

/// What callers see of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileShown {
    /// Names this upload of the file; another one has another number.
    pub number: u64,
    pub name: String,
    pub size_bytes: u64,
    /// In base64; of a file that came in parts, the sum of their sums, a hyphen, and their number.
    pub md5: String,
    /// In hex.
    pub sha256: String,
    pub etag: String,
    pub described: Described,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
    pub by: String,
}

/// A file that is there, and how to read it.
#[derive(Debug)]
pub struct FileFound {
    pub shown: FileShown,
    exchange: Arc<Exchange>,
    tenant: String,
    record: FileRecord,
}

impl FileShown {
    pub(super) fn of(record: &FileRecord) -> Self {
        Self {
            number: record.number,
            name: record.name.clone(),
            size_bytes: record.size,
            md5: record.md5.clone(),
            sha256: record.sha256.clone(),
            etag: record.etag.clone(),
            described: record.described.clone(),
            created_at: Timestamp(record.created_at),
            modified_at: record.modified_at(),
            by: record.by.clone(),
        }
    }
}

impl FileFound {
    /// Its bytes in a range, which must lie within it. Of the whole file the last ones come only if all of them are those
    /// that arrived. The first ones are read before this returns: what cannot be read at all is an error at once.
    pub async fn read(&self, range: Range<u64>) -> Result<ByteStream, FileError> {
        let departure = place(&self.exchange.departures).await?;
        let is_whole = range == (0..self.record.size);
        let mut bytes = self.exchange.read_extents(&self.record.extents, range);
        if is_whole {
            bytes = checked(bytes, &self.record);
        }
        let first = bytes.try_next().await.map_err(|error| told(&self.shown, error))?;
        let file = self.shown.clone();
        let rest = bytes.map_err(move |error| told(&file, error));
        // The place is held as long as there is something to read.
        let all = stream::iter(first.map(Ok)).chain(rest);
        let way = Arc::new((Arc::clone(&self.exchange.pace), self.tenant.clone(), departure));
        let held = all.then(move |piece| {
            let way = Arc::clone(&way);
            async move {
                let (pace, tenant, _place) = &*way;
                pace.pass(tenant, piece.as_ref().map_or(0, Bytes::len)).await;
                piece
            }
        });
        Ok(held.boxed())
    }
}

/// Whoever runs the server must hear of it: the one who reads hears that the connection broke.
fn told(file: &FileShown, error: VaultError) -> VaultError {
    tracing::error!(file.name = file.name, file.number, %error, "a file could not be read to its end");
    error
}

impl Exchange {
    /// The file of this name.
    pub async fn find(
        self: &Arc<Self>,
        scope: &Scope,
        name: &FileName,
    ) -> Result<Option<FileFound>, FileError> {
        let found = self.file(scope, name).await?;
        Ok(found.map(|found| FileFound {
            shown: FileShown::of(&found.record),
            exchange: Arc::clone(self),
            tenant: scope.tenant.clone(),
            record: found.record,
        }))
    }

    /// As [`Exchange::find`], for a file that must be there.
    pub async fn get(
        self: &Arc<Self>,
        scope: &Scope,
        name: &FileName,
    ) -> Result<FileFound, FileError> {
        let found = self.find(scope, name).await?;
        found.ok_or_else(|| FileError::NotFound { what: "file", id: name.to_string() })
    }

    /// What a number was given out for, in the scope.
    pub async fn numbered(&self, scope: &Scope, number: u64) -> Result<FileName, FileError> {
        let found = named(self, &scope.tenant, number).await?;
        let name = found.and_then(|(there, name)| (there == *scope).then_some(name));
        name.ok_or_else(|| FileError::NotFound { what: "file", id: number.to_string() })
    }

    /// Files whose names begin so and come after `after`, by name.
    pub async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: &str,
        limit: u32,
    ) -> Result<Vec<FileShown>, FileError> {
        let folder = folder(scope);
        let begin = format!("{folder}/{}", prefix.as_str());
        // A name that is the prefix itself comes first, and ids are looked for behind something.
        let from = format!("{folder}/{after}").max(begin.clone());
        let mut files = Vec::new();
        if from == begin
            && after < prefix.as_str()
            && let Ok(name) = FileName::new(prefix.as_str())
        {
            files.extend(self.file(scope, &name).await?.map(|found| FileShown::of(&found.record)));
        }
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let found =
            list::<FileRecord>(self.store.as_ref(), (&scope.tenant, Some(&folder)), &from, limit)
                .await?;
        let found = found.iter().take_while(|found| found.id.starts_with(&begin));
        files.extend(found.map(|found| FileShown::of(&found.record)));
        files.truncate(wanted);
        Ok(files)
    }

    /// Notes that somebody reads a file.
    pub async fn note_download(
        &self,
        scope: &Scope,
        actor: &str,
        file: &FileShown,
        link: Option<&str>,
    ) -> Result<(), FileError> {
        let detail = json!({ "name": file.name, "number": file.number, "size": file.size_bytes, "sha256": file.sha256, "link": link });
        self.note(Event { what: "file-download", actor, scope, detail }).await
    }
}
