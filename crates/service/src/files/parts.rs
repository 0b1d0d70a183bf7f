//! One part of a file, on its way in.

use super::audit::Event;
use super::blobs::discarded;
use super::documents::{Found, Place, find, put, stay};
use super::due;
use super::error::FileError;
use super::exchange::{Exchange, new_tag};
use super::links::Followed;
use super::multipart::{PartShown, busy, extent, missing, open, shown};
use super::receiving::{Announced, Received, Receiving};
use super::records::{PartRecord, Stage, UploadRecord};
use dayend_engine::codes::Scope;
use dayend_files::{Md5Sum, Sha256Sum};
use dayend_store::port::Guard;
use serde_json::json;
use std::sync::Arc;

/// Who meets others at the same document takes turns so often.
const TURNS_MAX: usize = 20;

/// A part on its way in.
#[derive(Debug)]
pub struct IncomingPart {
    exchange: Arc<Exchange>,
    scope: Scope,
    actor: String,
    upload: String,
    part: u32,
    receiving: Receiving,
}

impl Exchange {
    /// Gets ready for a part.
    pub async fn begin_part(
        self: &Arc<Self>,
        followed: &Followed,
        (upload, part): (&str, u32),
        announced_bytes: Option<u64>,
        (md5, sha256): (Option<Md5Sum>, Option<Sha256Sum>),
    ) -> Result<IncomingPart, FileError> {
        let (scope, actor) = (followed.scope().clone(), followed.actor().to_owned());
        open(self.upload(followed, upload).await?)?;
        let limit = followed.link.record.size;
        if let (Some(limit_bytes), Some(announced)) = (limit, announced_bytes)
            && announced > limit_bytes
        {
            return Err(FileError::TooLarge { limit_bytes });
        }
        let announced =
            Announced { coming_bytes: announced_bytes, md5, sha256, declared_bytes: None };
        let receiving = self.receive((&scope, &actor), announced, 0).await?;
        let upload = upload.to_owned();
        Ok(IncomingPart { exchange: Arc::clone(self), scope, actor, upload, part, receiving })
    }

    /// The upload, as long as parts may come.
    async fn open_upload(
        &self,
        scope: &Scope,
        upload: &str,
    ) -> Result<Found<UploadRecord>, FileError> {
        let found = find::<UploadRecord>(self.store.as_ref(), &scope.tenant, upload).await?;
        let ended = |found: &Found<UploadRecord>| {
            matches!(found.record.stage, Stage::Committed | Stage::Aborted)
        };
        open(found.filter(|found| !ended(found)).ok_or_else(|| missing(upload))?)
    }
}

impl IncomingPart {
    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.receiving.write(bytes).await
    }

    /// The largest size that is taken.
    pub fn limit_bytes(&self) -> u64 {
        self.receiving.limit_bytes()
    }

    /// All bytes have come: the part is there, and durable, when this returns. It replaces one of the same number. One that
    /// comes when the upload is already being put together is refused; its bytes go when they are due.
    pub async fn finish(self) -> Result<PartShown, FileError> {
        let Self { exchange, scope, actor, upload, part, receiving } = self;
        let Received { extent: bytes, sums, due, reserved } = receiving.finish(&exchange).await?;
        let record = PartRecord {
            part,
            size: sums.size_bytes,
            md5: sums.md5.to_base64(),
            sha256: sums.sha256.to_hex(),
            etag: new_tag(),
            blob: bytes.blob,
        };
        let id = PartRecord::id(&upload, part);
        for _ in 0..TURNS_MAX {
            exchange.in_time(Some(&due)).await?;
            let whole = exchange.open_upload(&scope, &upload).await?;
            let there = find::<PartRecord>(exchange.store.as_ref(), &scope.tenant, &id).await?;
            let guard =
                there.as_ref().map_or(Guard::Absent, |there| Guard::Revision(there.revision));
            let mut changes = vec![
                // As open as it was read, or the part does not come into it.
                stay(&scope.tenant, &whole),
                put(&Place::new(&scope.tenant, &id).below(&upload), guard, &record),
                due::settle(&due),
            ];
            let old = there.as_ref().map(|there| [extent(&there.record)]);
            if let Some(old) = &old {
                changes.extend(discarded(exchange.clock.now(), &scope.tenant, old));
            }
            let detail = json!({ "upload": upload, "part": part, "size": record.size });
            let event = Event { what: "file-part", actor: &actor, scope: &scope, detail };
            if !exchange.change(changes, event).await? {
                continue;
            }
            let replaced = old.map(|old| {
                exchange.remove_soon(&old);
                there.map_or(0, |there| there.record.size)
            });
            reserved.keep_instead_of(record.size, replaced.unwrap_or(0));
            return Ok(shown(&record));
        }
        Err(busy())
    }
}
