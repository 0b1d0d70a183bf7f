//! What people and groups do to a run.

use crate::plan::Plan;
use crate::run::event::{Effect, Rejected, TaskVerb, Transition};
use crate::run::node::{Gate, NodeState};
use crate::run::step::{Run, Times};
use crate::time::Timestamp;

impl Run {
    /// No new attempt starts; every unsettled node becomes INTERRUPTED, a running one when its process is gone.
    pub(super) fn interrupt(
        &mut self,
        plan: &Plan,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        if self.is_interrupted() {
            return Err(Rejected::AlreadyInterrupted);
        }
        if self.ended() {
            return Err(Rejected::RunEnded);
        }
        self.set_flags(Gate::Open, true, self.generation());
        for node in 0..plan.len() {
            self.interrupt_node(plan, node, now, out);
        }
        self.recount(plan);
        Ok(())
    }

    fn interrupt_node(&mut self, plan: &Plan, node: u32, now: Timestamp, out: &mut Transition) {
        let state = self.state(node);
        let unreachable = self.is_unreachable(node);
        let ended = Times { ended_at: Some(now), ..Times::default() };
        match state {
            // It counts as settled, so nothing is interrupted.
            NodeState::Waiting | NodeState::Held if unreachable => {}
            NodeState::Waiting | NodeState::Held if plan.is_group() => {
                self.record(node, NodeState::Interrupted, ended, out);
                out.effects.push(Effect::InterruptMember { node });
            }
            NodeState::Waiting | NodeState::Held => {
                self.record(node, NodeState::Interrupted, ended, out);
            }
            NodeState::Backoff => {
                self.deactivate(node);
                self.record(node, NodeState::Interrupted, ended, out);
            }
            NodeState::Running | NodeState::Recycling if plan.is_group() => {
                out.effects.push(Effect::InterruptMember { node });
            }
            NodeState::Running | NodeState::Recycling => {
                let times = Times { started_at: self.started_at(node), ..Times::default() };
                self.record(node, NodeState::Stopping, times, out);
                out.effects.push(Effect::Stop { node, epoch: self.epoch(node) });
            }
            NodeState::Stopping
            | NodeState::Excluded
            | NodeState::Successful
            | NodeState::Failed
            | NodeState::Interrupted
            | NodeState::Aborted => {}
        }
    }

    /// Opens the next generation of all that is not successful; what still runs goes on.
    pub(super) fn restart(
        &mut self,
        plan: &Plan,
        members: &[u32],
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        if self.gate() == Gate::Excluded || (!self.can_reopen() && members.is_empty()) {
            return Err(Rejected::NothingToReopen);
        }
        self.set_flags(self.gate(), false, self.generation() + 1);
        for node in 0..plan.len() {
            self.reopen_if_unsuccessful(plan, node, out);
        }
        for node in members.iter().copied().filter(|node| self.state(*node) == NodeState::Running) {
            out.effects.push(Effect::Gate { node, gate: Gate::Open, reopen: true });
        }
        self.recount(plan);
        Ok(())
    }

    fn reopen_if_unsuccessful(&mut self, plan: &Plan, node: u32, out: &mut Transition) {
        match self.state(node) {
            NodeState::Failed | NodeState::Interrupted | NodeState::Aborted | NodeState::Held => {
                self.reopen(plan, node, out);
            }
            NodeState::Stopping => {
                let times = Times { started_at: self.started_at(node), ..Times::default() };
                self.record(node, NodeState::Recycling, times, out);
            }
            NodeState::Waiting
            | NodeState::Excluded
            | NodeState::Running
            | NodeState::Recycling
            | NodeState::Backoff
            | NodeState::Successful => {}
        }
    }

    /// Restarts one member of a group: it waits for its edges again, or starts at once if they are met.
    pub(super) fn restart_member(
        &mut self,
        plan: &Plan,
        node: u32,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        let state = self.state(node);
        if node >= plan.len() || !plan.is_group() {
            return Err(Rejected::NoSuchNode);
        }
        match state {
            NodeState::Running => {
                out.effects.push(Effect::Gate { node, gate: Gate::Open, reopen: true });
            }
            NodeState::Failed | NodeState::Interrupted | NodeState::Aborted | NodeState::Held => {
                let met = self.edges_met(node);
                if self.is_interrupted() && !met {
                    return Err(Rejected::GroupInterrupted);
                }
                self.set_flags(self.gate(), self.is_interrupted(), self.generation() + 1);
                self.reopen(plan, node, out);
                self.recount(plan);
                if met {
                    // An interrupt of the group does not bind a member that a person restarts.
                    self.ready.clear();
                    self.dispatch(plan, node, now, out);
                    self.find_ready();
                }
                self.keep_interrupted(plan, now, out);
            }
            NodeState::Waiting
            | NodeState::Excluded
            | NodeState::Stopping
            | NodeState::Recycling
            | NodeState::Backoff
            | NodeState::Successful => return Err(Rejected::NothingToReopen),
        }
        Ok(())
    }

    /// The group decided about this member.
    pub(super) fn set_gate(&mut self, plan: &Plan, gate: Gate, reopen: bool, out: &mut Transition) {
        let generation = self.generation() + u32::from(reopen);
        self.set_flags(gate, self.is_interrupted() && !reopen, generation);
        if reopen {
            for node in 0..plan.len() {
                self.reopen_if_unsuccessful(plan, node, out);
            }
        }
        self.recount(plan);
    }

    /// Hold, release, exclude, include, force-OK of one node. They wake the successors at once.
    pub(super) fn verb(
        &mut self,
        plan: &Plan,
        node: u32,
        verb: TaskVerb,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        if node >= plan.len() {
            return Err(Rejected::NoSuchNode);
        }
        if verb != TaskVerb::ForceOk && self.is_interrupted() {
            return Err(Rejected::AlreadyInterrupted);
        }
        if verb != TaskVerb::ForceOk && self.ended() {
            return Err(Rejected::RunEnded);
        }
        let state = self.state(node);
        let refuse = |allowed| Err(Rejected::WrongState { state, allowed });
        let next = match (verb, state) {
            (TaskVerb::Hold, NodeState::Waiting) if !self.is_unreachable(node) => NodeState::Held,
            (TaskVerb::Hold, _) => return refuse("a task that has not started and still can"),
            (TaskVerb::Release, NodeState::Held) | (TaskVerb::Include, NodeState::Excluded) => {
                NodeState::Waiting
            }
            (TaskVerb::Release, _) => return refuse("a held task"),
            (TaskVerb::Exclude, NodeState::Waiting | NodeState::Held) => NodeState::Excluded,
            (TaskVerb::Exclude, _) => return refuse("a task that has not started"),
            (TaskVerb::Include, _) => return refuse("an excluded task"),
            (
                TaskVerb::ForceOk,
                NodeState::Failed | NodeState::Interrupted | NodeState::Aborted,
            ) => NodeState::Successful,
            (TaskVerb::ForceOk, _) => return refuse("a failed, interrupted or aborted task"),
        };
        if plan.is_group() && next == NodeState::Successful {
            out.effects.push(Effect::ForceMember { node });
            return Ok(());
        }
        let ended_at = (next == NodeState::Successful).then_some(now);
        self.record(node, next, Times { ended_at, ..Times::default() }, out);
        if plan.is_group() {
            out.effects.push(Effect::Gate { node, gate: Gate::of(next), reopen: false });
        }
        self.recount(plan);
        self.keep_interrupted(plan, now, out);
        Ok(())
    }

    /// Sets all unsuccessful tasks of a member to OK.
    pub(super) fn force_all(
        &mut self,
        plan: &Plan,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        let forced = |state| {
            matches!(state, NodeState::Failed | NodeState::Interrupted | NodeState::Aborted)
        };
        if !(0..self.len()).any(|node| forced(self.state(node))) {
            return Err(Rejected::NothingToReopen);
        }
        for node in 0..self.len() {
            if forced(self.state(node)) {
                self.record(
                    node,
                    NodeState::Successful,
                    Times { ended_at: Some(now), ..Times::default() },
                    out,
                );
            }
        }
        self.recount(plan);
        self.keep_interrupted(plan, now, out);
        Ok(())
    }

    /// What becomes reachable while an interrupt stands is interrupted too: it can only start after a restart, and a
    /// restart finds it.
    pub(super) fn keep_interrupted(&mut self, plan: &Plan, now: Timestamp, out: &mut Transition) {
        if !self.is_interrupted() {
            return;
        }
        let reachable = |node| self.state(node).is_pending() && !self.is_unreachable(node);
        if !(0..plan.len()).any(reachable) {
            return;
        }
        for node in
            (0..plan.len()).filter(|node| self.state(*node).is_pending()).collect::<Vec<_>>()
        {
            self.interrupt_node(plan, node, now, out);
        }
        self.recount(plan);
    }
}
