//! What people ask of runs and tasks.

use super::core::Core;
use super::input::{Answer, RunVerb, VerbCommand};
use super::pending::{PendingWrite, claim_key};
use super::steps::Origin;
use dayend_engine::codes::RunKey;
use dayend_engine::run::{Event, Gate, NodeState, Rejected, TaskVerb};
use dayend_engine::time::Timestamp;

impl<R> Core<R> {
    pub(super) fn verb(&mut self, mut command: VerbCommand, reply: R, now: Timestamp) {
        let claim = command.claim.take();
        let key = claim.as_ref().map(claim_key);
        if key.as_ref().is_some_and(|key| self.claims.contains(key)) {
            return self.refuse(reply, Answer::Raced);
        }
        if let Some(key) = &key {
            self.claims.insert(key.clone());
            self.open.push(PendingWrite::of_runs(claim));
        }
        let note = command.reason.as_ref().map(|reason| serde_json::json!({ "reason": reason }));
        let message = matches!(command.verb, RunVerb::Task { .. }).then(|| {
            let reason = command.reason.as_deref().filter(|reason| !reason.is_empty());
            let by = format!("{} by {}", command.verb.event(), command.actor);
            reason.map_or(by.clone(), |reason| format!("{by}: {reason}"))
        });
        let origin = Origin {
            actor: command.actor.clone().into(),
            event: command.verb.event(),
            note,
            message,
        };
        let result = self.take_verb(&command, now, &origin);
        if let (Some(key), Err(_)) = (&key, &result) {
            // A refused verb uses up no key.
            self.open.pop();
            self.claims.remove(key);
        }
        let accepted = result.is_ok();
        let pending = self.current();
        pending.replies.push((reply, result.map_or_else(Answer::Rejected, |()| Answer::Done)));
        pending.sealed |= accepted && key.is_some();
    }

    fn take_verb(
        &mut self,
        command: &VerbCommand,
        now: Timestamp,
        origin: &Origin,
    ) -> Result<(), Rejected> {
        let Some(live) = self.runs.get(&command.run) else { return Err(Rejected::NoSuchNode) };
        match command.verb {
            RunVerb::Interrupt if live.is_closed() => Err(Rejected::RunEnded),
            RunVerb::Interrupt => self.step(command.run, Event::Interrupt, now, origin),
            RunVerb::Task { verb: TaskVerb::ForceOk, .. }
                if self.is_in_interrupted_group(command.run) =>
            {
                Err(Rejected::GroupInterrupted)
            }
            RunVerb::Task { node, verb } => {
                self.step(command.run, Event::Verb { node, verb }, now, origin)
            }
            RunVerb::Restart => {
                if let Some((group, node)) = live.row.parent {
                    return self.restart_member(command.run, group, node, now, origin);
                }
                let members = self.reopenable_members(command.run);
                self.step(command.run, Event::Restart { members: &members }, now, origin)
            }
        }
    }

    /// Nothing starts in an interrupted group until a restart, not behind a member that had ended before either.
    pub(super) fn is_in_interrupted_group(&self, run: RunKey) -> bool {
        let parent = self.runs.get(&run).and_then(|live| live.row.parent);
        let group = parent.and_then(|(group, _)| self.runs.get(&group));
        group.is_some_and(|group| group.run.is_interrupted())
    }

    fn restart_member(
        &mut self,
        run: RunKey,
        group: RunKey,
        node: u32,
        now: Timestamp,
        origin: &Origin,
    ) -> Result<(), Rejected> {
        let gate = self.runs.get(&group).map(|group| group.run.state(node)).unwrap_or_default();
        let reopenable = self.runs.get(&run).is_some_and(|live| live.run.can_reopen());
        match gate {
            NodeState::Running | NodeState::Waiting if !reopenable => {
                Err(Rejected::NothingToReopen)
            }
            NodeState::Waiting => {
                self.step(run, Event::Gate { gate: Gate::Waiting, reopen: true }, now, origin)
            }
            NodeState::Held
            | NodeState::Excluded
            | NodeState::Running
            | NodeState::Stopping
            | NodeState::Recycling
            | NodeState::Backoff
            | NodeState::Successful
            | NodeState::Failed
            | NodeState::Interrupted
            | NodeState::Aborted => self.step(group, Event::RestartMember { node }, now, origin),
        }
    }

    fn reopenable_members(&self, group: RunKey) -> Vec<u32> {
        let Some(live) = self.runs.get(&group) else { return Vec::new() };
        let can_reopen =
            |member: &RunKey| self.runs.get(member).is_some_and(|member| member.run.can_reopen());
        let open = |node: u32| live.run.state(node) == NodeState::Running;
        (0_u32..)
            .zip(&live.members)
            .filter(|(node, member)| open(*node) && can_reopen(member))
            .map(|(node, _)| node)
            .collect()
    }
}
