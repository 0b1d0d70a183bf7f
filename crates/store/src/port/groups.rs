//! What is committed together, and what becomes of it.

use super::definitions::NewDefinition;
use super::documents::DocumentChange;
use super::errors::StoreError;
use super::history::HistoryRecord;
use super::identity::{AppRow, GrantRow, RefreshRow, SecretHash, UserRow};
use super::runs::{ClaimRow, NodeRow, RunChange, RunRow};
use dayend_engine::time::Timestamp;

/// A share of the runs that one node owns at a time. With SQLite there is only 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub i32);

/// Fences a node that lost its partition: grows with each change of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerEpoch(pub i64);

/// Names one group commit, so that its fate can be read back when the answer to COMMIT was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub i64);

/// Many guarded writes, made durable together.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: GroupId,
    pub partition: Partition,
    pub epoch: OwnerEpoch,
    pub at: Timestamp,
    pub writes: Vec<Write>,
}

/// One guarded change. It is applied whole or not at all, and never fails its neighbours.
#[derive(Clone, Debug)]
pub enum Write {
    /// New runs and changes of live ones that belong together: one trigger, or one step of a run (and its group).
    /// Loses the race if `claim` is taken or the partition has a newer owner.
    Runs {
        claim: Option<ClaimRow>,
        new: Vec<RunRow>,
        changed: Vec<RunChange>,
        nodes: Vec<NodeRow>,
        history: Vec<HistoryRecord>,
    },
    /// New definition versions, all or none. Loses the race if any code's newest version is not `expected`.
    Define {
        rows: Vec<NewDefinition>,
        history: HistoryRecord,
    },
    /// Creates or replaces a user, an app or a grant (admin verbs: the last writer wins).
    PutUser {
        user: UserRow,
        history: HistoryRecord,
    },
    PutApp {
        app: AppRow,
        history: HistoryRecord,
    },
    PutGrant {
        grant: GrantRow,
        history: HistoryRecord,
    },
    /// Records a refresh token that was issued with a grant other than `refresh_token`.
    IssueRefresh {
        token: RefreshRow,
        history: HistoryRecord,
    },
    /// Spends a one-time refresh token: exactly one of two racing spenders is `Applied`. `successor` is stored with it.
    SpendRefresh {
        hash: SecretHash,
        successor: RefreshRow,
        history: HistoryRecord,
    },
    /// Revokes all tokens that descend from one grant.
    RevokeFamily {
        family: String,
        history: HistoryRecord,
    },
    /// Takes a user or an app away; its name is free again.
    DeleteUser {
        tenant: String,
        id: String,
        history: HistoryRecord,
    },
    DeleteApp {
        tenant: String,
        client_id: String,
        history: HistoryRecord,
    },
    /// Changes of documents, together with one other write (at least an audit event): all or none. Loses the race if any
    /// guard does not hold, or `with` loses it.
    Change {
        documents: Vec<DocumentChange>,
        with: Box<Write>,
    },
    /// Only an audit event (a refused log-in, for example).
    Audit {
        history: HistoryRecord,
    },
}

impl Write {
    /// What it adds to the history.
    pub fn history(&self) -> &[HistoryRecord] {
        match self {
            Self::Runs { history, .. } => history,
            Self::Change { with, .. } => with.history(),
            Self::Define { history, .. }
            | Self::PutUser { history, .. }
            | Self::PutApp { history, .. }
            | Self::PutGrant { history, .. }
            | Self::IssueRefresh { history, .. }
            | Self::SpendRefresh { history, .. }
            | Self::RevokeFamily { history, .. }
            | Self::DeleteUser { history, .. }
            | Self::DeleteApp { history, .. }
            | Self::Audit { history } => std::slice::from_ref(history),
        }
    }
}

/// What became of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// Its guard did not hold; nothing of it was written.
    LostRace,
}

/// Why a group has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of the group was written.
    #[error("the group was not written: {0}")]
    NotDone(StoreError),
    /// The answer to COMMIT was lost: settled by [`Store::was_committed`].
    #[error("it is not known whether the group was written: {0}")]
    Unknown(StoreError),
}
