//! Documents: small texts under a kind, a tenant and an id, changed under guards.

use dayend_engine::time::Timestamp;
use std::fmt;

/// What names a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey {
    /// What it is: `session`, `code`, `file`, …
    pub kind: String,
    /// Empty: it belongs to no tenant.
    pub tenant: String,
    pub id: String,
}

/// What a document says.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentContent {
    /// What it belongs to, for lists.
    pub parent: Option<String>,
    /// Compact JSON; never a secret that is not hashed or encrypted.
    pub body: String,
    /// It is forgotten some time after this; until then its reader decides what it is worth.
    pub expires_at: Option<Timestamp>,
}

/// A document as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentRow {
    pub key: DocumentKey,
    pub content: DocumentContent,
    /// 1 for a new document, one more after each change.
    pub revision: i64,
}

/// What must hold for a document to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: the last writer wins.
    Any,
    /// There is none.
    Absent,
    /// It is at this revision.
    Revision(i64),
}

/// One guarded change of a document.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentChange {
    pub key: DocumentKey,
    pub guard: Guard,
    pub to: DocumentFate,
}

/// What becomes of a document.
#[derive(Clone, PartialEq, Eq)]
pub enum DocumentFate {
    Put(DocumentContent),
    Delete,
    /// It stays as it is: only its guard counts, for what is changed together with it.
    Stay,
}

impl fmt::Debug for DocumentContent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DocumentContent").field("parent", &self.parent).finish_non_exhaustive()
    }
}

impl fmt::Debug for DocumentFate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Put(_) => "Put",
            Self::Delete => "Delete",
            Self::Stay => "Stay",
        })
    }
}

secret_free_debug! {
    DocumentRow: key, revision;
    DocumentChange: key, guard, to;
}
