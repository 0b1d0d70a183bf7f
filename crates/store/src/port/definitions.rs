//! Definitions and their versions.

use dayend_engine::codes::{Code, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::time::Timestamp;
use std::fmt;
use std::sync::Arc;

/// The store's number of one immutable definition version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(pub i64);

/// A definition version to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDefinition {
    pub key: VersionKey,
    pub scope: Scope,
    pub kind: Kind,
    pub code: Code,
    /// The version that must be the newest one (0: the code must be new); the new one is `expected + 1`.
    pub expected: i64,
    pub content: Content,
    pub by: String,
    pub at: Timestamp,
}

/// A definition version as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRow {
    pub key: VersionKey,
    pub scope: Scope,
    pub kind: Kind,
    pub code: Code,
    pub version: i64,
    /// [`Content::digest`].
    pub digest: [u8; 32],
    /// How many parts its content has: read by [`Store::definition_parts`].
    pub parts: u32,
    pub by: String,
    pub at: Timestamp,
}

/// What a definition says, in the form that only its writer can read. It may be large, so that it is kept in parts.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// SHA-256 of what the parts say, however they say it: equal definitions have equal digests.
    pub digest: [u8; 32],
    pub parts: Arc<[Box<[u8]>]>,
}

impl fmt::Debug for Content {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size_bytes: usize = self.parts.iter().map(|part| part.len()).sum();
        out.debug_struct("Content").field("size_bytes", &size_bytes).finish_non_exhaustive()
    }
}
