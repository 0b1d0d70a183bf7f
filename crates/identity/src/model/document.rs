//! Documents with a type.

use crate::identity::Identity;
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    DocumentChange, DocumentContent, DocumentFate, DocumentKey, DocumentRow, Guard, StoreError,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is stored as a document.
pub(crate) trait Document: Serialize + DeserializeOwned {
    /// Names the kind in the store.
    const KIND: &'static str;
}

/// A document as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Kept<D> {
    pub(crate) id: String,
    pub(crate) value: D,
    /// Guards the next change: [`Guard::Revision`].
    pub(crate) revision: i64,
}

/// What names a document of this type.
pub(crate) fn key<D: Document>(tenant: &str, id: &str) -> DocumentKey {
    DocumentKey { kind: D::KIND.to_owned(), tenant: tenant.to_owned(), id: id.to_owned() }
}

/// Creates or replaces a document, if `guard` holds.
pub(crate) fn put<D: Document>(
    (tenant, id): (&str, &str),
    value: &D,
    parent: Option<&str>,
    expires_at: Option<Timestamp>,
    guard: Guard,
) -> DocumentChange {
    let body = serde_json::to_string(value).expect("our documents have texts as keys");
    let content = DocumentContent { parent: parent.map(str::to_owned), body, expires_at };
    let to = DocumentFate::Put(content);
    DocumentChange { key: key::<D>(tenant, id), guard, to }
}

/// Deletes a document, if `guard` holds.
pub(crate) fn remove<D: Document>(tenant: &str, id: &str, guard: Guard) -> DocumentChange {
    DocumentChange { key: key::<D>(tenant, id), guard, to: DocumentFate::Delete }
}

impl Identity {
    /// The document with this id; one that has expired is there until it is forgotten.
    pub(crate) async fn document<D: Document>(
        &self,
        tenant: &str,
        id: &str,
    ) -> Result<Option<Kept<D>>, StoreError> {
        self.store.document(&key::<D>(tenant, id)).await?.map(read).transpose()
    }

    /// Documents whose id comes after `after`, by id; `parent` narrows.
    pub(crate) async fn documents<D: Document>(
        &self,
        tenant: &str,
        parent: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Kept<D>>, StoreError> {
        let rows = self.store.documents(D::KIND, tenant, parent, after, limit).await?;
        rows.into_iter().map(read).collect()
    }

    /// Documents of all tenants that come after this tenant's `after`, with their tenants, by tenant and id.
    pub(crate) async fn documents_of_all<D: Document>(
        &self,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<(String, Kept<D>)>, StoreError> {
        let rows = self.store.documents_of_all(D::KIND, after, limit).await?;
        rows.into_iter().map(|row| Ok((row.key.tenant.clone(), read(row)?))).collect()
    }
}

fn read<D: Document>(row: DocumentRow) -> Result<Kept<D>, StoreError> {
    let value = serde_json::from_str(&row.content.body).map_err(|error| {
        StoreError::Inconsistent(format!(
            "document `{}` of kind `{}` cannot be read: {error}",
            row.key.id, row.key.kind
        ))
    })?;
    Ok(Kept { id: row.key.id, value, revision: row.revision })
}
