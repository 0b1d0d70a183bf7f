//! The states of a task (or member) and the gate of a member run.

use crate::run::active::NOWHERE;
use crate::status::Status;
use crate::time::Timestamp;

/// What a run keeps of every node: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) state: NodeState,
    /// In a group: the status of the member run.
    pub(super) mirror: Status,
    /// Some in-edge can never be met.
    pub(super) dead: bool,
    /// In-edges that are not met (those that can never be included).
    pub(super) unmet: u32,
    pub(super) generation: u32,
    pub(super) attempt: u32,
    pub(super) epoch: u32,
    /// Where its attempt or retry stands among the active ones.
    pub(super) place: u32,
}

/// What a node counts as in the roll-up: what it shows, and whether it is unsettled. Nothing if it can never start.
pub(super) type Weight = Option<(Status, bool)>;

impl Node {
    pub(super) fn new(state: NodeState) -> Self {
        Self {
            state,
            mirror: Status::NotStarted,
            dead: false,
            unmet: 0,
            generation: 1,
            attempt: 0,
            epoch: 0,
            place: NOWHERE,
        }
    }

    /// Pending, and some edge into it can never be met.
    pub(super) fn is_unreachable(&self) -> bool {
        self.dead && self.state.is_pending()
    }

    /// What callers see of it; of a member, what they see when they ask for its own id.
    pub(super) fn shown(&self, in_group: bool) -> Status {
        if in_group && self.state == NodeState::Running {
            self.mirror
        } else if !in_group && self.is_unreachable() {
            Status::NotStarted
        } else {
            self.state.status()
        }
    }

    pub(super) fn weight(&self, in_group: bool) -> Weight {
        let counts = !self.is_unreachable();
        counts.then(|| (self.shown(in_group), !self.state.is_settled()))
    }
}

/// The state of one node. The numbers are stored: never change them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NodeState {
    /// Its edges are not all met yet, or can never be.
    #[default]
    Waiting = 0,
    /// Waits for a person.
    Held = 1,
    /// Not run; counts as done for its successors.
    Excluded = 2,
    /// An attempt is dispatched, or a member's gate is open.
    Running = 3,
    /// Interrupted; its attempt is not gone yet.
    Stopping = 4,
    /// Interrupted and then restarted before its attempt was gone: runs again as soon as it is.
    Recycling = 5,
    /// Failed; the next attempt is due later.
    Backoff = 6,
    Successful = 7,
    Failed = 8,
    Interrupted = 9,
    Aborted = 10,
}

impl NodeState {
    /// All states in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Waiting,
        Self::Held,
        Self::Excluded,
        Self::Running,
        Self::Stopping,
        Self::Recycling,
        Self::Backoff,
        Self::Successful,
        Self::Failed,
        Self::Interrupted,
        Self::Aborted,
    ];

    /// The state with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Waits for edges or a person.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Waiting | Self::Held)
    }

    /// An attempt exists or is due.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Stopping | Self::Recycling | Self::Backoff)
    }

    /// Has an attempt that may still report.
    pub fn has_attempt(self) -> bool {
        matches!(self, Self::Running | Self::Stopping | Self::Recycling)
    }

    /// Over, in this generation. (A pending node whose edges can never be met counts as settled too.)
    pub fn is_settled(self) -> bool {
        !self.is_pending() && !self.is_active()
    }

    /// What a restart reopens.
    pub fn is_reopenable(self) -> bool {
        matches!(
            self,
            Self::Failed | Self::Interrupted | Self::Aborted | Self::Held | Self::Stopping
        )
    }

    /// What callers see of a node whose edges can still be met.
    pub fn status(self) -> Status {
        match self {
            Self::Waiting => Status::NotStarted,
            Self::Held => Status::Held,
            Self::Excluded => Status::Excluded,
            Self::Running | Self::Stopping | Self::Recycling | Self::Backoff => Status::OnGoing,
            Self::Successful => Status::Successful,
            Self::Failed => Status::Failed,
            Self::Interrupted => Status::Interrupted,
            Self::Aborted => Status::Aborted,
        }
    }
}

/// Whether a run may start its tasks: always open, but for a member of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Gate {
    #[default]
    Open = 0,
    Waiting = 1,
    Held = 2,
    Excluded = 3,
}

impl Gate {
    /// The gate with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Open, Self::Waiting, Self::Held, Self::Excluded].get(usize::from(number)).copied()
    }

    /// The gate of the member whose node in the group is in this state.
    pub fn of(state: NodeState) -> Self {
        match state {
            NodeState::Waiting => Self::Waiting,
            NodeState::Held => Self::Held,
            NodeState::Excluded => Self::Excluded,
            NodeState::Running
            | NodeState::Stopping
            | NodeState::Recycling
            | NodeState::Backoff
            | NodeState::Successful
            | NodeState::Failed
            | NodeState::Interrupted
            | NodeState::Aborted => Self::Open,
        }
    }
}

/// All of a node that is kept on disk, but for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    pub node: u32,
    pub state: NodeState,
    pub generation: u32,
    /// Counts from 1 within the generation; 0: none yet. One that never started does not count.
    pub attempt: u32,
    /// Counts the attempts over all generations: the fencing token.
    pub epoch: u32,
    pub wake_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}
