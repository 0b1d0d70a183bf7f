//! What the product asks of a database: guarded writes in groups, and reads that never wait for them.

#[macro_use]
mod debug;
mod definitions;
mod documents;
mod errors;
mod groups;
mod history;
mod identity;
mod runs;
mod store;

pub use definitions::{Content, DefinitionRow, NewDefinition, VersionKey};
pub use documents::{
    DocumentChange, DocumentContent, DocumentFate, DocumentKey, DocumentRow, Guard,
};
pub use errors::{StoreError, WriteError};
pub use groups::{CommitError, Group, GroupId, Outcome, OwnerEpoch, Partition, Write};
pub use history::{HistoryRecord, HistoryRow, Verified};
pub use identity::{AppRow, GrantRow, RefreshRow, SecretHash, UserRow};
pub use runs::{ClaimRow, NodeRow, RunChange, RunRow, RunState};
pub use store::{ScopeRow, Store, Takeover, Writer};
