//! A file on its way in.

use super::audit::Event;
use super::blobs::discarded;
use super::documents::{self, Found, Place, delete, find, put};
use super::due;
use super::error::{Denied, FileError};
use super::exchange::{Exchange, new_tag};
use super::outgoing::FileShown;
use super::receiving::{Announced, Condition, Received, Receiving};
use super::records::{Described, Extent, FileRecord, LinkRecord, NumberRecord, file_id, folder};
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_files::{FileName, Md5Sum, Sha256Sum};
use dayend_store::port::{DocumentChange, Guard};
use serde_json::json;
use std::sync::Arc;

/// Two who put the same name at the same time take turns so often.
const TURNS_MAX: usize = 200;

/// What is said of a file before its bytes come.
#[derive(Clone, Debug)]
pub struct Put {
    pub scope: Scope,
    pub name: FileName,
    /// Who sends it, for the audit.
    pub actor: String,
    /// Exactly so many bytes must come.
    pub declared_bytes: Option<u64>,
    /// The sender says that so many bytes come.
    pub announced_bytes: Option<u64>,
    pub md5: Option<Md5Sum>,
    pub sha256: Option<Sha256Sum>,
    pub condition: Condition,
    pub described: Described,
}

impl Put {
    /// A file about which nothing more is known.
    pub fn new(scope: Scope, name: FileName, actor: &str) -> Self {
        Self {
            scope,
            name,
            actor: actor.to_owned(),
            declared_bytes: None,
            announced_bytes: None,
            md5: None,
            sha256: None,
            condition: Condition::Nothing,
            described: Described::default(),
        }
    }
}

/// A file on its way in: not there before [`Incoming::finish`], and never if this is dropped.
#[derive(Debug)]
pub struct Incoming {
    exchange: Arc<Exchange>,
    arrival: Arrival,
    receiving: Receiving,
}

/// What becomes a file when its bytes are there.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) scope: Scope,
    pub(super) name: FileName,
    pub(super) actor: String,
    pub(super) condition: Condition,
    pub(super) described: Described,
    /// The link that it came by, and the hash of its secret.
    pub(super) link: Option<Found<LinkRecord>>,
    /// The multipart upload that it came by.
    pub(super) upload: Option<String>,
}

/// The bytes of a file, durable, and what must be written together with it.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) extents: Vec<Extent>,
    pub(super) size: u64,
    pub(super) md5: String,
    pub(super) sha256: String,
    pub(super) changes: Vec<DocumentChange>,
    /// What is settled with it, if the sweeper was not faster.
    pub(super) due: Option<String>,
}

impl Exchange {
    /// Gets ready for a file.
    pub async fn begin(self: &Arc<Self>, wanted: Put) -> Result<Incoming, FileError> {
        self.begin_by(wanted, None).await
    }

    pub(super) async fn begin_by(
        self: &Arc<Self>,
        wanted: Put,
        link: Option<Found<LinkRecord>>,
    ) -> Result<Incoming, FileError> {
        let Put { scope, name, actor, condition, described, .. } = wanted;
        let there = self.file(&scope, &name).await?;
        check(&condition, there.as_ref().map(|found| &found.record))?;
        let announced = Announced {
            declared_bytes: wanted.declared_bytes,
            coming_bytes: wanted.announced_bytes,
            md5: wanted.md5,
            sha256: wanted.sha256,
        };
        let receiving = self.receive((&scope, &actor), announced, 1).await?;
        let arrival = Arrival { scope, name, actor, condition, described, link, upload: None };
        Ok(Incoming { exchange: Arc::clone(self), arrival, receiving })
    }

    /// The file of this name as it is stored.
    pub(super) async fn file(
        &self,
        scope: &Scope,
        name: &FileName,
    ) -> Result<Option<Found<FileRecord>>, FileError> {
        find(self.store.as_ref(), &scope.tenant, &file_id(scope, name)).await
    }

    /// Makes a file of bytes that are there. The answer is the file, and the one that it replaced.
    pub(super) async fn place(
        self: &Arc<Self>,
        arrival: &Arrival,
        content: &Content,
    ) -> Result<(FileRecord, Option<FileRecord>), FileError> {
        for _ in 0..TURNS_MAX {
            let there = self.file(&arrival.scope, &arrival.name).await?;
            check(&arrival.condition, there.as_ref().map(|found| &found.record))?;
            self.still_good(arrival).await?;
            self.in_time(content.due.as_deref()).await?;
            let now = self.clock.now();
            let record = self.record(arrival, content, there.as_ref(), now);
            let mut changes = content.changes.clone();
            changes.extend(placing(arrival, there.as_ref(), &record, now));
            let detail = json!({
                "name": record.name, "number": record.number, "size": record.size, "sha256": record.sha256,
                "link": arrival.link.as_ref().map(|link| &link.id), "replaced": there.as_ref().map(|there| there.record.number),
            });
            let event =
                Event { what: "file-upload", actor: &arrival.actor, scope: &arrival.scope, detail };
            if self.change(changes, event).await? {
                self.arrived(&arrival.scope, &arrival.name);
                let replaced = there.map(|there| there.record);
                if let Some(replaced) = &replaced {
                    self.remove_soon(&replaced.extents);
                }
                return Ok((record, replaced));
            }
        }
        Err(FileError::Conflict("others change the same file all the time".to_owned()))
    }

    /// The link may have been used or revoked while the bytes came.
    async fn still_good(&self, arrival: &Arrival) -> Result<(), FileError> {
        let Some(link) = &arrival.link else { return Ok(()) };
        match find::<LinkRecord>(self.store.as_ref(), &arrival.scope.tenant, &link.id).await? {
            Some(now) if now.record.spent => Err(Denied::Spent.into()),
            Some(_) => Ok(()),
            None => Err(Denied::Unknown.into()),
        }
    }

    /// The sweeper has not given the bytes up.
    pub(super) async fn in_time(&self, due: Option<&str>) -> Result<(), FileError> {
        let Some(due) = due else { return Ok(()) };
        if due::is_open(self.store.as_ref(), due).await? {
            Ok(())
        } else {
            Err(FileError::Conflict("the upload took longer than a day".to_owned()))
        }
    }

    fn record(
        &self,
        arrival: &Arrival,
        content: &Content,
        there: Option<&Found<FileRecord>>,
        now: Timestamp,
    ) -> FileRecord {
        let number = arrival.link.as_ref().and_then(|link| link.record.number);
        FileRecord {
            number: number.unwrap_or_else(|| self.next_number()),
            name: arrival.name.as_str().to_owned(),
            size: content.size,
            md5: content.md5.clone(),
            sha256: content.sha256.clone(),
            etag: new_tag(),
            described: arrival.described.clone(),
            extents: content.extents.clone(),
            created_at: there.map_or(now.0, |there| there.record.created_at),
            modified_at: now.0,
            by: arrival.actor.clone(),
            upload: arrival.upload.clone(),
        }
    }
}

/// The documents of a file that takes its place.
fn placing(
    arrival: &Arrival,
    there: Option<&Found<FileRecord>>,
    record: &FileRecord,
    now: Timestamp,
) -> Vec<DocumentChange> {
    let Scope { tenant, service, workspace } = &arrival.scope;
    let (id, folder, number) =
        (file_id(&arrival.scope, &arrival.name), folder(&arrival.scope), record.number.to_string());
    let guard = there.map_or(Guard::Absent, |there| Guard::Revision(there.revision));
    let (service, workspace) = (service.clone(), workspace.clone());
    let named = NumberRecord { service, workspace, name: record.name.clone() };
    let mut changes = vec![
        put(&Place::new(tenant, &id).below(&folder), guard, record),
        put(&Place::new(tenant, &number), Guard::Any, &named),
    ];
    if let Some(there) = there {
        if there.record.number != record.number {
            changes.push(delete::<NumberRecord>(
                tenant,
                &there.record.number.to_string(),
                Guard::Any,
            ));
        }
        changes.extend(discarded(now, tenant, &there.record.extents));
    }
    if let Some(link) = arrival.link.as_ref().filter(|link| link.record.once) {
        let spent = LinkRecord { spent: true, ..link.record.clone() };
        let place = Place::new(tenant, &link.id).below(&folder).until(Timestamp(spent.expires_at));
        changes.push(put(&place, Guard::Revision(link.revision), &spent));
    }
    changes
}

pub(super) fn check(condition: &Condition, there: Option<&FileRecord>) -> Result<(), FileError> {
    match (condition, there) {
        (Condition::Absent, Some(_)) => Err(FileError::Condition("the file is there already")),
        (Condition::Match(_), None) => Err(FileError::Condition("the file is not there")),
        (Condition::Match(tags), Some(there))
            if !tags.is_empty() && !tags.contains(&there.etag) =>
        {
            Err(FileError::Condition("the file has another entity tag"))
        }
        (Condition::Nothing | Condition::Absent | Condition::Match(_), _) => Ok(()),
    }
}

impl Incoming {
    /// The largest size that is taken.
    pub fn limit_bytes(&self) -> u64 {
        self.receiving.limit_bytes()
    }

    /// Takes the next bytes; waits while the disk is slower than they come.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.receiving.write(bytes).await
    }

    /// Gives its place to others although it is not finished: no more bytes will come.
    pub(super) fn all_came(&mut self) {
        self.receiving.all_came();
    }

    /// All bytes have come: the file is there, whole, when this returns.
    pub async fn finish(self) -> Result<FileShown, FileError> {
        let Self { exchange, arrival, receiving } = self;
        let Received { extent, sums, due, reserved } = receiving.finish(&exchange).await?;
        let content = Content {
            size: sums.size_bytes,
            md5: sums.md5.to_base64(),
            sha256: sums.sha256.to_hex(),
            extents: vec![extent.clone()],
            changes: vec![due::settle(&due)],
            due: Some(due),
        };
        match exchange.place(&arrival, &content).await {
            Ok((record, replaced)) => {
                reserved.keep(record.size, replaced.map(|replaced| replaced.size));
                Ok(FileShown::of(&record))
            }
            Err(error) => {
                // After an outage it is not known whether the file is there: then the sweeper decides.
                if !matches!(error, FileError::Unavailable(_)) {
                    exchange.remove_blob(&extent.blob).await;
                }
                Err(error)
            }
        }
    }
}

/// What a number stands for.
pub(super) async fn named(
    exchange: &Exchange,
    tenant: &str,
    number: u64,
) -> Result<Option<(Scope, FileName)>, FileError> {
    let found =
        documents::find::<NumberRecord>(exchange.store.as_ref(), tenant, &number.to_string())
            .await?;
    let Some(Found { record, .. }) = found else { return Ok(None) };
    let scope =
        Scope { tenant: tenant.to_owned(), service: record.service, workspace: record.workspace };
    Ok(Some((scope, FileName::new(&record.name)?)))
}
