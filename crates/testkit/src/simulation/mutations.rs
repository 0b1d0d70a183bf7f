//! Defects put into the simulated server on purpose, between its desk and the world: each must be found, or the checks
//! check nothing.

use super::world::{Fate, World};
use dayend_engine::run::NodeState;
use dayend_engine::status::Status;
use dayend_executor::port::{Attempt, Fact, Report};
use dayend_service::conductor::desk::Want;
use dayend_service::conductor::input::{Answer, Command, RunVerb};
use dayend_service::conductor::pending::Release;
use dayend_store::port::{Group, Write};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// A verb is answered when it arrives.
    AnswerBeforeTheCommit,
    /// An interrupt is answered, and nothing else.
    ForgetAnInterrupt,
    /// The choices of a trigger are stored, and what is held starts.
    StartWhatIsHeld,
    /// The choices of a trigger are stored, and what is excluded starts.
    StartWhatIsExcluded,
    /// A report of an earlier attempt is taken for the newest one's.
    SkipTheEpochCheck,
    /// The end of an attempt is not reported.
    DropAReport,
    /// What was reported in a group that failed is not folded in again.
    DropTheReportsOfAFailedGroup,
    /// An attempt is dispatched on disk, and not started.
    ForgetAStart,
    /// An attempt is not told to stop.
    ForgetAStop,
    /// An attempt is started twice.
    StartTwice,
    /// A task that became ready is not written.
    ForgetASuccessor,
    /// A change has no record in the history.
    ForgetTheHistory,
    /// A group's members come without one of them.
    ForgetAMember,
    /// A run gets the id of an earlier one.
    UseARunIdAgain,
    /// A run is stored as successful whatever its tasks are.
    StoreAWrongStatus,
    /// A group that was not written is taken for written.
    TrustAFailedCommit,
    /// A group that was written is taken for not written, because the answer was lost.
    ForgetAWrittenCommit,
    /// A group whose answer was lost is sent again.
    CommitAgainBlindly,
    /// The store does not keep idempotency keys.
    ForgetKeys,
    /// A server that starts makes the attempts of the earlier one again.
    StartAgainAtAdoption,
    /// A server that starts does not look for the attempts of the earlier one.
    ForgetToAdopt,
    /// The core panics.
    Panic,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::AnswerBeforeTheCommit,
        Self::ForgetAnInterrupt,
        Self::StartWhatIsHeld,
        Self::StartWhatIsExcluded,
        Self::SkipTheEpochCheck,
        Self::DropAReport,
        Self::DropTheReportsOfAFailedGroup,
        Self::ForgetAStart,
        Self::ForgetAStop,
        Self::StartTwice,
        Self::ForgetASuccessor,
        Self::ForgetTheHistory,
        Self::ForgetAMember,
        Self::UseARunIdAgain,
        Self::StoreAWrongStatus,
        Self::TrustAFailedCommit,
        Self::ForgetAWrittenCommit,
        Self::CommitAgainBlindly,
        Self::ForgetKeys,
        Self::StartAgainAtAdoption,
        Self::ForgetToAdopt,
        Self::Panic,
    ];
}

impl World {
    fn is(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// True if this is the server's defect, and now and then.
    fn now_and_then(&mut self, mutation: Mutation) -> bool {
        self.is(mutation) && self.random.chance(20)
    }

    pub(super) fn perturb_command(
        &mut self,
        request: usize,
        mut command: Command,
    ) -> Result<Option<Command>, String> {
        if let Command::Create(create) = &mut command {
            if self.is(Mutation::StartWhatIsHeld) {
                create.choices.held.clear();
            } else if self.is(Mutation::StartWhatIsExcluded) {
                create.choices.excluded.clear();
            }
        }
        if let Command::Verb(verb) = &command {
            if self.is(Mutation::Panic) {
                panic_as_told();
            }
            if self.is(Mutation::AnswerBeforeTheCommit) {
                self.answered(request as u64, &Answer::Done)?;
            } else if self.is(Mutation::ForgetAnInterrupt) && verb.verb == RunVerb::Interrupt {
                return self.answered(request as u64, &Answer::Done).map(|()| None);
            }
        }
        Ok(Some(command))
    }

    pub(super) fn perturb_report(&mut self, mut report: Report) -> Option<Report> {
        let ends = matches!(report.fact, Fact::Ended { .. });
        if ends && self.now_and_then(Mutation::DropAReport) {
            return None;
        }
        if ends && self.is(Mutation::SkipTheEpochCheck) {
            let tables = self.store.tables();
            let row = tables.nodes.get(&report.id.run).and_then(|nodes| nodes.get(&report.id.node));
            report.id.epoch = row.map_or(report.id.epoch, |row| row.epoch.max(report.id.epoch));
        }
        Some(report)
    }

    pub(super) fn perturb_want(&mut self, want: Want<u64>) -> Result<Option<Want<u64>>, String> {
        let forgotten = match &want {
            Want::Release(Release::Start(begin)) => {
                if self.now_and_then(Mutation::StartTwice) {
                    self.start(&begin.attempt)?;
                }
                self.now_and_then(Mutation::ForgetAStart)
            }
            Want::Release(Release::Stop(_)) => self.now_and_then(Mutation::ForgetAStop),
            Want::Again(_) => self.is(Mutation::DropTheReportsOfAFailedGroup),
            Want::Commit(_) | Want::Read(_) | Want::Reply(..) => false,
        };
        Ok((!forgotten).then_some(want))
    }

    pub(super) fn perturb_group(&mut self, group: &mut Group) {
        for write in &mut group.writes {
            let Write::Runs { new, changed, nodes, history, .. } = write else { continue };
            let started = |state: u8| state == NodeState::Running as u8;
            if self.is(Mutation::ForgetASuccessor) {
                nodes.retain(|row| row.node == 0 || !started(row.state));
            } else if self.now_and_then(Mutation::ForgetTheHistory) {
                history.pop();
            } else if self.is(Mutation::ForgetAMember) && new.len() > 1 {
                new.pop();
            } else if self.now_and_then(Mutation::StoreAWrongStatus) {
                for change in changed {
                    change.state.status = Status::Successful;
                }
            } else if self.is(Mutation::UseARunIdAgain) {
                let first = self.store.tables().runs.values().next().map(|row| row.run_id.clone());
                for (row, first) in new.iter_mut().zip(first) {
                    row.run_id = first;
                }
            }
        }
    }

    /// What the server is told of a group that is on disk, or not.
    pub(super) fn perturb_fate(&mut self, group: &Group, fate: Fate) -> Result<Fate, String> {
        match fate {
            Fate::NotDone if self.is(Mutation::TrustAFailedCommit) => Ok(Fate::Done),
            Fate::UnknownDone if self.is(Mutation::ForgetAWrittenCommit) => Ok(Fate::NotDone),
            Fate::UnknownDone if self.is(Mutation::CommitAgainBlindly) => {
                self.write(group)?;
                Ok(fate)
            }
            Fate::Done | Fate::NotDone | Fate::UnknownDone | Fate::UnknownNotDone => Ok(fate),
        }
    }

    /// True: the attempt is not to be adopted.
    pub(super) fn perturb_adoption(&mut self, attempt: &Attempt) -> Result<bool, String> {
        if self.is(Mutation::StartAgainAtAdoption) {
            return self.start(attempt).map(|()| true);
        }
        Ok(self.is(Mutation::ForgetToAdopt))
    }
}

#[expect(clippy::panic, reason = "the defect is a panic")]
fn panic_as_told() -> ! {
    panic!("as it was told to");
}
