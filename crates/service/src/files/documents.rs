//! Records as documents: read with their revision, written in guarded changes.

use super::error::FileError;
use super::records::Record;
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    DocumentChange, DocumentContent, DocumentFate, DocumentKey, DocumentRow, Guard, Store,
    StoreError,
};

/// A record as it was found.
#[derive(Clone, Debug)]
pub(super) struct Found<R> {
    pub(super) id: String,
    pub(super) revision: i64,
    pub(super) record: R,
}

/// Where a record stands.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) tenant: &'a str,
    pub(super) id: &'a str,
    pub(super) parent: Option<&'a str>,
    pub(super) expires_at: Option<Timestamp>,
}

impl<'a> Place<'a> {
    pub(super) fn new(tenant: &'a str, id: &'a str) -> Self {
        Self { tenant, id, parent: None, expires_at: None }
    }

    pub(super) fn below(self, parent: &'a str) -> Self {
        Self { parent: Some(parent), ..self }
    }

    pub(super) fn until(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }
}

/// The record of this id.
pub(super) async fn find<R: Record>(
    store: &dyn Store,
    tenant: &str,
    id: &str,
) -> Result<Option<Found<R>>, FileError> {
    if is_no_text([tenant, id]) {
        return Ok(None);
    }
    let row = store.document(&key::<R>(tenant, id)).await?;
    row.map(read).transpose()
}

/// Records whose id comes after `after`, by id; `parent` narrows.
pub(super) async fn list<R: Record>(
    store: &dyn Store,
    (tenant, parent): (&str, Option<&str>),
    after: &str,
    limit: u32,
) -> Result<Vec<Found<R>>, FileError> {
    if is_no_text([tenant, after]) {
        return Err(FileError::Invalid("a NUL is no part of any name".to_owned()));
    }
    let rows = store.documents(R::KIND, tenant, parent, after, limit).await?;
    rows.into_iter().map(read).collect()
}

/// What comes from a URL may hold anything; one of the databases takes no NUL.
fn is_no_text(texts: [&str; 2]) -> bool {
    texts.iter().any(|text| text.contains('\0'))
}

/// Writes a record.
pub(super) fn put<R: Record>(place: &Place<'_>, guard: Guard, record: &R) -> DocumentChange {
    let content = DocumentContent {
        parent: place.parent.map(str::to_owned),
        body: serde_json::to_string(record).expect("records are structs of texts and numbers"),
        expires_at: place.expires_at,
    };
    DocumentChange { key: key::<R>(place.tenant, place.id), guard, to: DocumentFate::Put(content) }
}

/// Deletes a record.
pub(super) fn delete<R: Record>(tenant: &str, id: &str, guard: Guard) -> DocumentChange {
    DocumentChange { key: key::<R>(tenant, id), guard, to: DocumentFate::Delete }
}

/// Lets a record be, which must be at this revision.
pub(super) fn stay<R: Record>(tenant: &str, found: &Found<R>) -> DocumentChange {
    DocumentChange {
        key: key::<R>(tenant, &found.id),
        guard: Guard::Revision(found.revision),
        to: DocumentFate::Stay,
    }
}

fn key<R: Record>(tenant: &str, id: &str) -> DocumentKey {
    DocumentKey { kind: R::KIND.to_owned(), tenant: tenant.to_owned(), id: id.to_owned() }
}

fn read<R: Record>(row: DocumentRow) -> Result<Found<R>, FileError> {
    let record = serde_json::from_str(&row.content.body).map_err(|error| {
        let broken = StoreError::Inconsistent(format!(
            "document `{}` of kind `{}`: {error}",
            row.key.id, row.key.kind
        ));
        tracing::error!("{broken}");
        broken
    })?;
    Ok(Found { id: row.key.id, revision: row.revision, record })
}
