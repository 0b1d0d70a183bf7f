//! Files that come in parts: in any order, several at a time, over several connections and restarts of the server.

use super::audit::Event;
use super::blobs::discarded;
use super::documents::{Found, Place, delete, find, list, put};
use super::due;
use super::error::FileError;
use super::exchange::{Exchange, new_tag};
use super::incoming::{Arrival, Content, check};
use super::links::Followed;
use super::outgoing::FileShown;
use super::receiving::Condition;
use super::records::{Described, Due, Extent, PartRecord, Stage, UploadRecord, folder};
use dayend_engine::codes::{Scope, shortened};
use dayend_engine::time::Timestamp;
use dayend_files::{FileName, Md5Sum};
use dayend_store::port::{DocumentChange, Guard};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Documents that are read, or changed together.
const PAGE: u32 = 500;

/// A multipart upload that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadBegun {
    pub id: String,
    pub created_at: Timestamp,
}

/// A part that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartShown {
    pub part: u32,
    pub size_bytes: u64,
    /// In base64.
    pub md5: String,
    pub etag: String,
}

/// Which parts become the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// By number, with the entity tag each must have, if that was said; empty: all.
    pub wanted: BTreeMap<u32, Option<String>>,
    /// Not these.
    pub excluded: Vec<u32>,
}

impl Exchange {
    /// Begins a file that comes in parts.
    pub async fn begin_upload(
        &self,
        followed: &Followed,
        described: Described,
        condition: &Condition,
    ) -> Result<UploadBegun, FileError> {
        let (scope, name) = (followed.scope(), followed.name()?);
        let there = self.file(scope, name).await?;
        check(condition, there.as_ref().map(|found| &found.record))?;
        let reserved = self.usage.of(self.store.as_ref(), &scope.tenant).await?.reserve(0, 1)?;
        let (id, now) = (new_tag(), self.clock.now());
        let (at, what) = (due::unfinished_at(now), Due::Upload(id.clone()));
        let record = UploadRecord {
            service: scope.service.clone(),
            workspace: scope.workspace.clone(),
            name: name.as_str().to_owned(),
            link: followed.link_id().to_owned(),
            described,
            fresh: *condition == Condition::Absent,
            stage: Stage::Open,
            created_at: now.0,
            by: followed.actor().to_owned(),
            due: due::id(at, &what),
        };
        let place = Place::new(&scope.tenant, &id);
        let changes = vec![
            put(&place.below(&folder(scope)), Guard::Absent, &record),
            due::note(at, &scope.tenant, what),
        ];
        let detail = json!({ "name": record.name, "upload": id, "link": record.link });
        self.change(changes, Event { what: "file-multipart", actor: &record.by, scope, detail })
            .await?;
        reserved.keep(0, None);
        Ok(UploadBegun { id, created_at: now })
    }

    /// The parts that are there, by number.
    pub async fn parts(
        &self,
        followed: &Followed,
        upload: &str,
    ) -> Result<Vec<PartShown>, FileError> {
        open(self.upload(followed, upload).await?)?;
        let parts = self.all_parts(&followed.scope().tenant, upload).await?;
        Ok(parts.iter().map(|found| shown(&found.record)).collect())
    }

    /// Makes the file of its parts. Whoever lost the answer may ask again.
    pub async fn commit_upload(
        self: &Arc<Self>,
        followed: &Followed,
        upload: &str,
        parts: &Parts,
    ) -> Result<FileShown, FileError> {
        let (scope, name) = (followed.scope(), followed.name()?);
        let Some(found) = self
            .find_upload(followed, upload)
            .await?
            .filter(|found| found.record.stage != Stage::Committed)
        else {
            let there = self
                .file(scope, name)
                .await?
                .filter(|found| found.record.upload.as_deref() == Some(upload));
            return there.map(|found| FileShown::of(&found.record)).ok_or_else(|| missing(upload));
        };
        let closing = self.set_stage(scope, found, Stage::Closing).await?;
        match self.join(followed, &closing, parts).await {
            Ok(file) => {
                self.clear_upload(scope, upload, &closing.record).await;
                Ok(file)
            }
            Err(error) => {
                // More parts may be what is missing.
                if let Err(error) = self.set_stage(scope, closing, Stage::Open).await {
                    tracing::debug!(upload, %error, "a multipart upload could not be opened again");
                }
                Err(error)
            }
        }
    }

    /// Gives up a multipart upload.
    pub async fn abort_upload(
        self: &Arc<Self>,
        followed: &Followed,
        upload: &str,
    ) -> Result<(), FileError> {
        let found = self.upload(followed, upload).await?;
        self.abort(followed.scope(), found, followed.actor()).await
    }

    /// Gives up a multipart upload, whoever wants it.
    pub(super) async fn abort(
        self: &Arc<Self>,
        scope: &Scope,
        found: Found<UploadRecord>,
        actor: &str,
    ) -> Result<(), FileError> {
        let usage = self.usage.of(self.store.as_ref(), &scope.tenant).await?;
        let upload = found.id.clone();
        let record = UploadRecord { stage: Stage::Aborted, ..found.record };
        let place = Place::new(&scope.tenant, &upload);
        let change = put(&place.below(&folder(scope)), Guard::Revision(found.revision), &record);
        let detail = json!({ "name": record.name, "upload": upload });
        if !self
            .change(vec![change], Event { what: "file-multipart-aborted", actor, scope, detail })
            .await?
        {
            return Err(busy());
        }
        let parts = self.all_parts(&scope.tenant, &upload).await?;
        usage.release(parts.iter().map(|part| part.record.size).sum(), 1);
        self.clear_upload(scope, &upload, &record).await;
        Ok(())
    }

    /// Removes what is left of an upload that came to its end; what fails is done later.
    pub(super) async fn clear_upload(
        self: &Arc<Self>,
        scope: &Scope,
        upload: &str,
        record: &UploadRecord,
    ) {
        if let Err(error) = self.try_to_clear(scope, upload, record).await {
            tracing::warn!(upload, %error, "the parts of an upload could not be removed; it is tried again");
        }
    }

    async fn try_to_clear(
        self: &Arc<Self>,
        scope: &Scope,
        upload: &str,
        record: &UploadRecord,
    ) -> Result<(), FileError> {
        let aborted = record.stage == Stage::Aborted;
        loop {
            let parts =
                list::<PartRecord>(self.store.as_ref(), (&scope.tenant, Some(upload)), "", PAGE)
                    .await?;
            let mut changes = self.without(&scope.tenant, &parts, aborted);
            let last = parts.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            if last {
                changes.push(delete::<UploadRecord>(&scope.tenant, upload, Guard::Any));
                changes.push(due::forget(&record.due));
            }
            let detail = json!({ "upload": upload, "parts": parts.len() });
            self.change(
                changes,
                Event { what: "file-multipart-cleared", actor: "dayend", scope, detail },
            )
            .await?;
            if last {
                return Ok(());
            }
        }
    }

    /// Takes parts away, and their bytes if no file has them.
    fn without(
        self: &Arc<Self>,
        tenant: &str,
        parts: &[Found<PartRecord>],
        with_bytes: bool,
    ) -> Vec<DocumentChange> {
        let mut changes: Vec<_> =
            parts.iter().map(|part| delete::<PartRecord>(tenant, &part.id, Guard::Any)).collect();
        if with_bytes {
            for part in parts {
                let extent = [extent(&part.record)];
                changes.extend(discarded(self.clock.now(), tenant, &extent));
                self.remove_soon(&extent);
            }
        }
        changes
    }

    async fn join(
        self: &Arc<Self>,
        followed: &Followed,
        upload: &Found<UploadRecord>,
        parts: &Parts,
    ) -> Result<FileShown, FileError> {
        let (scope, link) = (followed.scope(), &followed.link);
        let all = self.all_parts(&scope.tenant, &upload.id).await?;
        let (used, unused): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|part| parts.take(part.record.part));
        parts.check(&used)?;
        let size = used.iter().map(|part| part.record.size).sum();
        if let Some(want_bytes) = link.record.size.filter(|want| *want != size) {
            return Err(FileError::Size { want_bytes, got_bytes: size });
        }
        if size > self.settings.file_max_bytes {
            return Err(FileError::TooLarge { limit_bytes: self.settings.file_max_bytes });
        }
        let extents: Vec<Extent> = used.iter().map(|part| extent(&part.record)).collect();
        let sha256 = self.sha256_of(&used).await?;
        if link.record.sha256().is_some_and(|want| want != sha256) {
            return Err(FileError::Checksum("SHA-256 sum"));
        }
        let sums: Vec<Md5Sum> = used.iter().filter_map(|part| part.record.md5()).collect();
        let committed = UploadRecord { stage: Stage::Committed, ..upload.record.clone() };
        let place = Place::new(&scope.tenant, &upload.id);
        let change =
            put(&place.below(&folder(scope)), Guard::Revision(upload.revision), &committed);
        let content = Content {
            extents,
            size,
            md5: Md5Sum::of_parts(&sums),
            sha256: sha256.to_hex(),
            changes: vec![change],
            due: None,
        };
        let usage = self.usage.of(self.store.as_ref(), &scope.tenant).await?;
        let (record, replaced) = self.place(&arrival(followed, upload)?, &content).await?;
        if let Some(replaced) = replaced {
            usage.release(replaced.size, 1);
        }
        self.drop_unused(scope, &unused).await;
        usage.release(unused.iter().map(|part| part.record.size).sum(), 0);
        Ok(FileShown::of(&record))
    }

    /// Parts that did not become part of the file.
    async fn drop_unused(self: &Arc<Self>, scope: &Scope, unused: &[Found<PartRecord>]) {
        for some in unused.chunks(usize::try_from(PAGE).unwrap_or(1)) {
            let changes = self.without(&scope.tenant, some, true);
            let detail = json!({ "parts": some.len() });
            let event = Event { what: "file-parts-dropped", actor: "dayend", scope, detail };
            if let Err(error) = self.change(changes, event).await {
                tracing::warn!(%error, "parts that are not used could not be removed");
            }
        }
    }

    /// The upload, which came by this link and is for this file.
    async fn find_upload(
        &self,
        followed: &Followed,
        upload: &str,
    ) -> Result<Option<Found<UploadRecord>>, FileError> {
        let (tenant, name) = (&followed.scope().tenant, followed.name()?.as_str());
        let found = find::<UploadRecord>(self.store.as_ref(), tenant, upload).await?;
        Ok(found
            .filter(|found| found.record.link == followed.link_id() && found.record.name == name))
    }

    pub(super) async fn upload(
        &self,
        followed: &Followed,
        upload: &str,
    ) -> Result<Found<UploadRecord>, FileError> {
        let found = self.find_upload(followed, upload).await?;
        let alive =
            found.filter(|found| matches!(found.record.stage, Stage::Open | Stage::Closing));
        alive.ok_or_else(|| missing(upload))
    }

    async fn all_parts(
        &self,
        tenant: &str,
        upload: &str,
    ) -> Result<Vec<Found<PartRecord>>, FileError> {
        let (mut parts, mut after) = (Vec::new(), String::new());
        loop {
            let page =
                list::<PartRecord>(self.store.as_ref(), (tenant, Some(upload)), &after, PAGE)
                    .await?;
            let Some(last) = page.last() else { return Ok(parts) };
            after.clone_from(&last.id);
            parts.extend(page);
        }
    }

    async fn set_stage(
        &self,
        scope: &Scope,
        found: Found<UploadRecord>,
        stage: Stage,
    ) -> Result<Found<UploadRecord>, FileError> {
        let record = UploadRecord { stage, ..found.record };
        let place = Place::new(&scope.tenant, &found.id);
        let change = put(&place.below(&folder(scope)), Guard::Revision(found.revision), &record);
        let detail = json!({ "upload": found.id, "stage": stage });
        if self
            .change(
                vec![change],
                Event { what: "file-multipart-stage", actor: &record.by, scope, detail },
            )
            .await?
        {
            Ok(Found { revision: found.revision + 1, record, ..found })
        } else {
            Err(busy())
        }
    }
}

impl Parts {
    fn take(&self, part: u32) -> bool {
        (self.wanted.is_empty() || self.wanted.contains_key(&part))
            && !self.excluded.contains(&part)
    }

    fn check(&self, used: &[Found<PartRecord>]) -> Result<(), FileError> {
        if used.is_empty() {
            return Err(FileError::Invalid("the upload has no parts".to_owned()));
        }
        for (part, etag) in &self.wanted {
            let there = used.iter().find(|found| found.record.part == *part);
            let fits = there
                .is_some_and(|there| etag.as_ref().is_none_or(|etag| *etag == there.record.etag));
            if !fits && !self.excluded.contains(part) {
                return Err(FileError::Invalid(format!(
                    "part {part} is not there, or has another entity tag"
                )));
            }
        }
        Ok(())
    }
}

fn arrival(followed: &Followed, upload: &Found<UploadRecord>) -> Result<Arrival, FileError> {
    let UploadRecord { name, described, fresh, .. } = upload.record.clone();
    Ok(Arrival {
        scope: followed.scope().clone(),
        name: FileName::new(&name)?,
        actor: followed.actor().to_owned(),
        condition: if fresh { Condition::Absent } else { Condition::Nothing },
        described,
        link: Some(followed.link.clone()),
        upload: Some(upload.id.clone()),
    })
}

pub(super) fn open(found: Found<UploadRecord>) -> Result<Found<UploadRecord>, FileError> {
    if found.record.stage == Stage::Open { Ok(found) } else { Err(busy()) }
}

pub(super) fn extent(part: &PartRecord) -> Extent {
    Extent { blob: part.blob.clone(), size: part.size }
}

pub(super) fn shown(part: &PartRecord) -> PartShown {
    PartShown {
        part: part.part,
        size_bytes: part.size,
        md5: part.md5.clone(),
        etag: part.etag.clone(),
    }
}

pub(super) fn missing(upload: &str) -> FileError {
    FileError::NotFound { what: "upload", id: shortened(upload) }
}

pub(super) fn busy() -> FileError {
    FileError::Conflict("the upload is being put together or changed by somebody else".to_owned())
}
