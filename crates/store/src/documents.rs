//! Documents: small JSON texts under a kind, a tenant and an id.

use crate::columns::sealed;
use crate::fingerprint::fingerprint;
use crate::port::{
    DocumentChange, DocumentContent, DocumentFate, DocumentKey, DocumentRow, Guard, StoreError,
};
use crate::session::Session;
use crate::values::{Value, and};
use dayend_engine::time::Timestamp;

const PUT: &str = "INSERT INTO documents (kind, tenant, id, parent, body, revision, expires_at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (kind, tenant, id) DO UPDATE SET parent = excluded.parent, body = excluded.body, \
    revision = excluded.revision, expires_at = excluded.expires_at, fingerprint = excluded.fingerprint";
const DELETE: &str = "DELETE FROM documents WHERE kind = $1 AND tenant = $2 AND id = $3";
const REVISION: &str = "SELECT revision FROM documents WHERE kind = $1 AND tenant = $2 AND id = $3";
pub(crate) const FIND: &str = "SELECT * FROM documents WHERE kind = $1 AND tenant = $2 AND id = $3";
pub(crate) const LIST: &str =
    "SELECT * FROM documents WHERE kind = $1 AND tenant = $2 AND id > $3 ORDER BY id LIMIT $4";
pub(crate) const LIST_OF_PARENT: &str = "SELECT * FROM documents WHERE kind = $1 AND tenant = $2 AND parent = $3 AND id > $4 \
    ORDER BY id LIMIT $5";
pub(crate) const LIST_OF_ALL: &str = "SELECT * FROM documents WHERE kind = $1 AND (tenant, id) > ($2, $3) \
    ORDER BY tenant, id LIMIT $4";
pub(crate) const ALL: &str = "SELECT * FROM documents";
/// Forgets some expired documents.
pub(crate) const FORGET: &str = "DELETE FROM documents WHERE (kind, tenant, id) IN \
    (SELECT kind, tenant, id FROM documents WHERE expires_at < $1 LIMIT 1000)";

/// What names a document in a statement.
pub(crate) fn name(key: &DocumentKey) -> [Value<'_>; 3] {
    [key.kind.as_str().into(), key.tenant.as_str().into(), key.id.as_str().into()]
}

fn values<'a>(key: &'a DocumentKey, content: &'a DocumentContent, revision: i64) -> [Value<'a>; 7] {
    [
        key.kind.as_str().into(),
        key.tenant.as_str().into(),
        key.id.as_str().into(),
        content.parent.as_deref().into(),
        content.body.as_str().into(),
        revision.into(),
        content.expires_at.into(),
    ]
}

/// Whether every guard holds now.
pub(crate) async fn hold(
    session: &mut impl Session,
    changes: &[DocumentChange],
) -> Result<bool, StoreError> {
    for change in changes {
        let holds = match change.guard {
            Guard::Any => true,
            Guard::Absent => revision(session, &change.key).await?.is_none(),
            Guard::Revision(expected) => revision(session, &change.key).await? == Some(expected),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the changes, whose guards hold.
pub(crate) async fn apply(
    session: &mut impl Session,
    changes: &[DocumentChange],
) -> Result<(), StoreError> {
    for DocumentChange { key, to, .. } in changes {
        match to {
            DocumentFate::Put(content) => {
                let last = revision(session, key).await?.unwrap_or_default();
                let values = values(key, content, last.saturating_add(1));
                let seal = fingerprint(&values);
                session.execute(PUT, &and::<7, 8>(values, &seal)).await?;
            }
            DocumentFate::Delete => {
                session.execute(DELETE, &name(key)).await?;
            }
            DocumentFate::Stay => {}
        }
    }
    Ok(())
}

async fn revision(
    session: &mut impl Session,
    key: &DocumentKey,
) -> Result<Option<i64>, StoreError> {
    let found: Option<(i64,)> = session.find(REVISION, &name(key)).await?;
    Ok(found.map(|(revision,)| revision))
}

row!(DocumentRow, |row| {
    let expires_at: Option<i64> = row.try_get("expires_at")?;
    let document = Self {
        key: DocumentKey {
            kind: row.try_get("kind")?,
            tenant: row.try_get("tenant")?,
            id: row.try_get("id")?,
        },
        content: DocumentContent {
            parent: row.try_get("parent")?,
            body: row.try_get("body")?,
            expires_at: expires_at.map(Timestamp),
        },
        revision: row.try_get("revision")?,
    };
    let values = values(&document.key, &document.content, document.revision);
    let what = format_args!("document `{}` of kind `{}`", document.key.id, document.key.kind);
    sealed(what, &values, row.try_get("fingerprint")?)?;
    Ok(document)
});
