//! Links: URLs that need no token.

use super::audit::Event;
use super::documents::{Found, Place, delete, find, list, put};
use super::error::{Denied, FileError};
use super::exchange::Exchange;
use super::incoming::{Incoming, Put};
use super::records::{LinkRecord, NumberRecord, folder};
use crate::requests::Refusal;
use crate::use_cases::Service;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_files::{Access, Address, FileName, LinkSecret, Operation, Prefix, Sha256Sum, Target};
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::Guard;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A link that somebody wants.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub access: Access,
    /// The name of the file, or what names begin with.
    pub object: String,
    /// Names can be listed.
    pub listing: bool,
    /// Exactly so many bytes are to be uploaded.
    pub size_bytes: Option<u64>,
    pub sha256: Option<Sha256Sum>,
    pub content_type: Option<String>,
    /// None: what is usual.
    pub life: Option<Duration>,
    /// The upload gets a number before it is there.
    pub numbered: bool,
    /// It is good for one complete upload.
    pub once: bool,
}

/// A link that was made. Its secret is not shown again.
#[derive(Debug)]
pub struct LinkMade {
    /// Names the link where it can be seen or revoked.
    pub id: String,
    /// The path below which its objects are found.
    pub base: String,
    /// The path of its object, or of all of them.
    pub path: String,
    pub number: Option<u64>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What can be seen of a link afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkShown {
    pub id: String,
    pub access: Access,
    pub object: String,
    pub listing: bool,
    pub number: Option<u64>,
    pub spent: bool,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub by: String,
}

/// What somebody wants of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Read,
    Write,
    /// The end of a multipart upload, which may be asked for again.
    Commit,
    List,
}

/// A link that gives what was asked of it.
#[derive(Clone, Debug)]
pub struct Followed {
    scope: Scope,
    /// Who made it, and acts through it.
    actor: String,
    /// None for a list.
    name: Option<FileName>,
    pub(super) link: Found<LinkRecord>,
}

impl NewLink {
    /// A link to read a file.
    pub fn download(name: &FileName) -> Self {
        Self {
            access: Access::ObjectRead,
            object: name.as_str().to_owned(),
            listing: false,
            size_bytes: None,
            sha256: None,
            content_type: None,
            life: None,
            numbered: false,
            once: false,
        }
    }

    /// A link for one complete upload of a file.
    pub fn upload(name: &FileName) -> Self {
        Self { access: Access::ObjectWrite, numbered: true, once: true, ..Self::download(name) }
    }

    fn check(&self) -> Result<(), FileError> {
        if self.access.is_for_any() {
            Prefix::new(&self.object)?;
        } else {
            FileName::new(&self.object)?;
        }
        if self.listing && !(self.access.is_for_any() && self.access.reads()) {
            return Err(FileError::Invalid(
                "only a link to read any object can list them".to_owned(),
            ));
        }
        let of_an_upload =
            self.size_bytes.is_some() || self.sha256.is_some() || self.numbered || self.once;
        if of_an_upload && (self.access.is_for_any() || !self.access.writes()) {
            return Err(FileError::Invalid(
                "a size, a checksum and a number belong to the upload of one object".to_owned(),
            ));
        }
        Ok(())
    }

    fn functions(&self) -> Vec<Function> {
        let both =
            [(self.access.reads(), Function::FileView), (self.access.writes(), Function::FilePut)];
        both.into_iter().filter(|(needed, _)| *needed).map(|(_, function)| function).collect()
    }
}

impl Service {
    /// The exchange.
    pub fn files(&self) -> &Arc<Exchange> {
        &self.files
    }

    /// Makes a link. The caller must hold what the link gives, now and whenever it is used.
    pub async fn make_link(
        &self,
        caller: &Caller,
        scope: &Scope,
        wanted: NewLink,
    ) -> Result<LinkMade, LinkRefused> {
        for function in wanted.functions() {
            self.require(caller, scope, &[function]).await?;
        }
        Ok(self.files.make_link(caller, scope, wanted).await?)
    }

    /// Looks whether a link gives what is asked of it. Whoever made it must still be there, and may do this.
    pub async fn follow_link(&self, address: &Address, wish: Wish) -> Result<Followed, FileError> {
        let hash = self.files.key.hash(&address.secret);
        let found =
            find::<LinkRecord>(self.files.store.as_ref(), &address.namespace, &hash).await?;
        let Some(link) = found else {
            let scope =
                Scope { tenant: String::new(), service: String::new(), workspace: String::new() };
            self.files.note_denied(&scope, short(&hash), Denied::Unknown).await;
            return Err(Denied::Unknown.into());
        };
        let scope = link.record.scope(&address.namespace);
        match self.give(address, link, wish).await {
            Err(FileError::Denied(denied)) => {
                self.files.note_denied(&scope, &hash, denied).await;
                Err(denied.into())
            }
            given => given,
        }
    }

    async fn give(
        &self,
        address: &Address,
        link: Found<LinkRecord>,
        wish: Wish,
    ) -> Result<Followed, FileError> {
        let (scope, now) = (link.record.scope(&address.namespace), self.now());
        let name = good_for(&link.record, &scope, address, wish, now)?;
        let function = match wish {
            Wish::Read | Wish::List => Function::FileView,
            Wish::Write | Wish::Commit => Function::FilePut,
        };
        let actor = self.maker(&scope, &link.record, function).await?.ok_or(Denied::Maker)?;
        Ok(Followed { scope, actor, name, link })
    }

    /// Who made a link, if they are still there and may do this.
    async fn maker(
        &self,
        scope: &Scope,
        link: &LinkRecord,
        function: Function,
    ) -> Result<Option<String>, FileError> {
        if !link.functions.is_empty() {
            // Users of another issuer cannot be asked for: the link lives as long as it was made for.
            let held = link.functions.iter().any(|held| held == function.as_str());
            return Ok(held.then(|| link.by.clone()));
        }
        let (tenant, user) = (&scope.tenant, link.user_id.as_deref());
        let maker = self.identity.caller_still(tenant, &link.client, user, self.now()).await?;
        let Some(maker) = maker else { return Ok(None) };
        let held = self.identity.holds(&maker, scope, function).await?;
        Ok(held.then(|| maker.actor()))
    }
}

/// Why there is no link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    #[error(transparent)]
    NotAllowed(#[from] Refusal),
    #[error(transparent)]
    File(#[from] FileError),
}

impl Exchange {
    async fn make_link(
        &self,
        caller: &Caller,
        scope: &Scope,
        wanted: NewLink,
    ) -> Result<LinkMade, FileError> {
        wanted.check()?;
        let limit_bytes = self.settings.file_max_bytes;
        if wanted.size_bytes.is_some_and(|size| size > limit_bytes) {
            return Err(FileError::TooLarge { limit_bytes });
        }
        let secret = LinkSecret::generate();
        let (id, now, folder) = (self.key.hash(&secret), self.clock.now(), folder(scope));
        let life = wanted.life.unwrap_or(self.settings.link_life).min(self.settings.link_life_max);
        let expires_at = now.plus_ms(u64::try_from(life.as_millis()).unwrap_or(u64::MAX));
        let number = wanted.numbered.then(|| self.next_number());
        let record = record(caller, scope, &wanted, (number, now, expires_at));
        let mut changes = vec![put(
            &Place::new(&scope.tenant, &id).below(&folder).until(expires_at),
            Guard::Absent,
            &record,
        )];
        if let Some(number) = number {
            let named = NumberRecord {
                service: scope.service.clone(),
                workspace: scope.workspace.clone(),
                name: wanted.object.clone(),
            };
            // If nothing comes, nobody needs it any longer than the link.
            changes.push(put(
                &Place::new(&scope.tenant, &number.to_string()).until(expires_at),
                Guard::Absent,
                &named,
            ));
        }
        let detail = json!({
            "link": id, "access": record.access, "object": record.object, "number": number, "size": record.size,
            "expires_at": expires_at.to_string(),
        });
        let actor = caller.actor();
        if !self.change(changes, Event { what: "file-link", actor: &actor, scope, detail }).await? {
            return Err(FileError::Unavailable(
                "the number of the file was given out already".to_owned(),
            ));
        }
        let base = Address::base(&secret, &scope.tenant, &folder);
        let object = if wanted.access.is_for_any() { "" } else { &wanted.object };
        Ok(LinkMade {
            id,
            path: Address::of_object(&base, object),
            base,
            number,
            created_at: now,
            expires_at,
        })
    }

    /// Links of a scope whose id comes after `after`, by id.
    pub async fn links(
        &self,
        scope: &Scope,
        after: &str,
        limit: u32,
    ) -> Result<Vec<LinkShown>, FileError> {
        let folder = folder(scope);
        let found =
            list::<LinkRecord>(self.store.as_ref(), (&scope.tenant, Some(&folder)), after, limit)
                .await?;
        Ok(found.into_iter().filter_map(shown).collect())
    }

    /// Makes a link useless at once.
    pub async fn revoke_link(&self, scope: &Scope, id: &str, actor: &str) -> Result<(), FileError> {
        let missing =
            || FileError::NotFound { what: "link", id: dayend_engine::codes::shortened(id) };
        let found = find::<LinkRecord>(self.store.as_ref(), &scope.tenant, id).await?;
        let found = found
            .filter(|found| found.record.scope(&scope.tenant) == *scope)
            .ok_or_else(missing)?;
        let detail = json!({ "link": id, "object": found.record.object });
        let gone = vec![delete::<LinkRecord>(&scope.tenant, id, Guard::Any)];
        self.change(gone, Event { what: "file-link-revoked", actor, scope, detail }).await.map(drop)
    }

    /// Notes that an upload by a link failed, and why; a flood of them in part.
    pub async fn note_failed(&self, followed: &Followed, why: &str) {
        let object = followed.name.as_ref().map(FileName::as_str);
        let detail = json!({ "link": followed.link.id, "object": object, "reason": why });
        let (actor, scope) = (followed.actor.as_str(), &followed.scope);
        self.note_in_part(Event { what: "file-upload-failed", actor, scope, detail }).await;
    }

    /// Gets ready for a file that comes by a link.
    pub async fn begin_linked(
        self: &Arc<Self>,
        followed: &Followed,
        wanted: Put,
    ) -> Result<Incoming, FileError> {
        let wanted = Put {
            declared_bytes: followed.link.record.size.or(wanted.declared_bytes),
            sha256: followed.link.record.sha256().or(wanted.sha256),
            ..wanted
        };
        self.begin_by(wanted, Some(followed.link.clone())).await
    }
}

impl Followed {
    /// Where its files are.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Who acts.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The link in the audit.
    pub fn link_id(&self) -> &str {
        &self.link.id
    }

    /// The file that was asked for.
    pub fn name(&self) -> Result<&FileName, FileError> {
        self.name
            .as_ref()
            .ok_or_else(|| FileError::Invalid("the name of an object is missing".to_owned()))
    }

    /// What the names in a list begin with.
    pub fn prefix(&self) -> Result<Prefix, FileError> {
        Ok(Prefix::new(&self.link.record.object)?)
    }

    /// The type that was announced with the link.
    pub fn content_type(&self) -> Option<&str> {
        self.link.record.content_type.as_deref()
    }

    /// A file to put.
    pub fn put(&self) -> Result<Put, FileError> {
        Ok(Put::new(self.scope.clone(), self.name()?.clone(), &self.actor))
    }
}

/// Whether the link itself allows it, and for which file.
fn good_for(
    link: &LinkRecord,
    scope: &Scope,
    address: &Address,
    wish: Wish,
    now: Timestamp,
) -> Result<Option<FileName>, FileError> {
    let access = link.access().ok_or(Denied::Unknown)?;
    if address.bucket != folder(scope) {
        return Err(Denied::Object.into());
    }
    if now.0 >= link.expires_at {
        return Err(Denied::Expired.into());
    }
    let operation = match wish {
        Wish::Read => Operation::Read,
        Wish::Write | Wish::Commit => Operation::Write,
        Wish::List => Operation::List,
    };
    let allowed = match operation {
        Operation::Read => access.reads(),
        Operation::Write => access.writes(),
        Operation::List => access.reads() && link.listing,
    };
    if !allowed {
        return Err(Denied::Operation.into());
    }
    if link.spent && wish == Wish::Write {
        return Err(Denied::Spent.into());
    }
    let object = match &address.target {
        Target::Objects if operation == Operation::List => return Ok(None),
        Target::Objects => return Err(Denied::Object.into()),
        Target::Object(object) | Target::Upload { object, .. } | Target::Part { object, .. } => {
            object
        }
    };
    if !access.is_for_any() && *object != link.object {
        return Err(Denied::Object.into());
    }
    let name = FileName::new(object)?;
    if access.is_for_any() && !Prefix::new(&link.object)?.holds(&name) {
        return Err(Denied::Object.into());
    }
    Ok(Some(name))
}

fn record(
    caller: &Caller,
    scope: &Scope,
    wanted: &NewLink,
    (number, now, expires_at): (Option<u64>, Timestamp, Timestamp),
) -> LinkRecord {
    LinkRecord {
        service: scope.service.clone(),
        workspace: scope.workspace.clone(),
        access: wanted.access.as_str().to_owned(),
        object: wanted.object.clone(),
        listing: wanted.listing,
        size: wanted.size_bytes,
        sha256: wanted.sha256.map(Sha256Sum::to_hex),
        content_type: wanted.content_type.clone(),
        number,
        once: wanted.once,
        spent: false,
        created_at: now.0,
        expires_at: expires_at.0,
        client: caller.client_id.clone(),
        user_id: caller.user.as_ref().map(|user| user.id.clone()),
        by: caller.actor(),
        functions: caller.functions.iter().map(|held| held.as_str().to_owned()).collect(),
    }
}

fn shown(found: Found<LinkRecord>) -> Option<LinkShown> {
    let Found { id, record, .. } = found;
    Some(LinkShown {
        id,
        access: record.access()?,
        object: record.object,
        listing: record.listing,
        number: record.number,
        spent: record.spent,
        created_at: Timestamp(record.created_at),
        expires_at: Timestamp(record.expires_at),
        by: record.by,
    })
}

/// Enough of a hash to find it again.
fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}
