//! What a run is, as a pure function of its nodes.

use crate::run::node::Gate;
use crate::run::step::Run;
use crate::status::Status;

impl Run {
    /// The status of the run.
    pub fn status(&self) -> Status {
        match self.gate() {
            Gate::Waiting => return Status::NotStarted,
            Gate::Held => return Status::Held,
            Gate::Excluded => return Status::Excluded,
            Gate::Open => {}
        }
        let any = |status| self.count_shown(status) > 0;
        if any(Status::OnGoing) {
            return Status::OnGoing;
        }
        let by_rank = [Status::Interrupted, Status::Failed, Status::Aborted, Status::Held];
        if let Some(status) = by_rank.into_iter().find(|status| any(*status)) {
            return status;
        }
        // Nothing runs, so a node that could still start without a person means that nothing ran yet.
        if any(Status::NotStarted) {
            return Status::NotStarted;
        }
        if any(Status::Excluded) && !any(Status::Successful) {
            Status::Excluded
        } else {
            Status::Successful
        }
    }

    /// Nothing runs and nothing can start, even after a release.
    pub fn ended(&self) -> bool {
        match self.gate() {
            Gate::Waiting | Gate::Held => false,
            Gate::Excluded => true,
            Gate::Open => self.unsettled() == 0,
        }
    }

    /// What callers see of a node; of a member, what they see when they ask for its own id.
    pub fn shown(&self, node: u32) -> Status {
        let node = self.nodes.get(node as usize);
        node.map_or(Status::NotStarted, |node| node.shown(self.is_group))
    }
}
