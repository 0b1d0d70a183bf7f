//! What executors, timers and member runs tell.

use crate::plan::Plan;
use crate::run::active::Active;
use crate::run::event::{Effect, Outcome, Rejected, Transition};
use crate::run::node::NodeState;
use crate::run::step::{Run, Times};
use crate::status::Status;
use crate::time::Timestamp;

/// Attempts that may be lost in one generation of a task with `on_lost: retry` before it is ABORTED all the same.
const LOST_ATTEMPTS_MAX: u32 = 100;

impl Run {
    /// An attempt left the executor's queue: its time begins to count. Nothing of this is stored: a re-adopted attempt
    /// reports it again.
    pub(super) fn started(
        &mut self,
        plan: &Plan,
        node: u32,
        epoch: u32,
        now: Timestamp,
    ) -> Result<(), Rejected> {
        if self.epoch(node) != epoch || !self.state(node).has_attempt() {
            return Err(Rejected::Stale);
        }
        let deadline = plan.policy(node).timeout_ms.map(|timeout| now.plus_ms(timeout));
        if let Some(deadline) = deadline {
            self.set_due(node, deadline);
        }
        Ok(())
    }

    pub(super) fn attempt_ended(
        &mut self,
        plan: &Plan,
        node: u32,
        epoch: u32,
        outcome: Outcome,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        let state = self.state(node);
        let newest = self.epoch(node) == epoch && epoch > 0 && !plan.is_group();
        let known = matches!(outcome, Outcome::Succeeded | Outcome::Failed);
        let late = state == NodeState::Aborted && known && !self.interrupted;
        if !newest || !(state.has_attempt() || late) {
            return Err(Rejected::Stale);
        }
        let active = self.deactivate(node);
        out.timed_out = active.is_some_and(|active| active.timed_out);
        let started_at = active.map(|active| active.started_at);
        if outcome == Outcome::Void && state == NodeState::Running {
            self.dispatch_again(plan, node, now, out);
            return Ok(());
        }
        let next = self.after_attempt(plan, node, outcome, now, out.timed_out);
        self.record(
            node,
            next.state,
            Times { wake_at: next.wake_at, started_at, ended_at: Some(now) },
            out,
        );
        if next.state == NodeState::Running {
            self.dispatch(plan, node, now, out);
        } else if next.state == NodeState::Backoff {
            let started_at = started_at.unwrap_or_default();
            self.activate(Active { node, timed_out: false, started_at, due: next.wake_at });
        } else if state == NodeState::Recycling {
            self.reopen(plan, node, out);
            self.recount(plan);
        } else if late {
            self.recount(plan);
        } else {
            self.propagate(plan, node);
        }
        Ok(())
    }

    /// What an attempt's end makes of its node.
    fn after_attempt(
        &self,
        plan: &Plan,
        node: u32,
        outcome: Outcome,
        now: Timestamp,
        timed_out: bool,
    ) -> Next {
        let to = |state| Next { state, wake_at: None };
        let policy = plan.policy(node);
        match (self.state(node), outcome) {
            (NodeState::Stopping, _) => to(NodeState::Interrupted),
            (NodeState::Recycling, _) => to(NodeState::Waiting),
            (_, Outcome::Succeeded) if !timed_out => to(NodeState::Successful),
            (NodeState::Aborted, _) => to(NodeState::Failed),
            (_, Outcome::Lost)
                if policy.retry_if_lost && self.attempt(node) < LOST_ATTEMPTS_MAX =>
            {
                to(NodeState::Running)
            }
            (_, Outcome::Lost) => to(NodeState::Aborted),
            (_, _) if self.attempt(node) <= policy.max_retries => Next {
                state: NodeState::Backoff,
                wake_at: Some(now.plus_ms(policy.delay_ms(self.attempt(node)))),
            },
            (_, _) => to(NodeState::Failed),
        }
    }

    pub(super) fn tick(&mut self, plan: &Plan, now: Timestamp, out: &mut Transition) {
        while let Some((due, node)) = self.timers.first().copied().filter(|(due, _)| *due <= now) {
            self.timers.remove(&(due, node));
            if self.state(node) == NodeState::Backoff {
                self.dispatch(plan, node, now, out);
            } else if let Some(active) = self.active_mut(node) {
                active.timed_out = true;
                active.due = None;
                out.effects.push(Effect::Stop { node, epoch: self.epoch(node) });
            }
        }
    }

    /// A member run is not what it was: the group follows.
    pub(super) fn member(
        &mut self,
        plan: &Plan,
        node: u32,
        status: Status,
        ended: bool,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        if node >= plan.len() || !plan.is_group() {
            return Err(Rejected::NoSuchNode);
        }
        let state = self.state(node);
        self.touched.push(node);
        self.recounted(node, |node| node.mirror = status);
        let settled = match status {
            Status::Successful => NodeState::Successful,
            Status::Failed => NodeState::Failed,
            Status::Interrupted => NodeState::Interrupted,
            Status::Aborted => NodeState::Aborted,
            Status::Excluded => NodeState::Excluded,
            Status::NotStarted | Status::OnGoing | Status::Held => NodeState::Running,
        };
        // A member that had settled goes on too, if only behind a hold: a person forced the task before it.
        let open = state == NodeState::Running
            || (state.is_settled() && !matches!(status, Status::NotStarted));
        let goes_on = matches!(status, Status::OnGoing) || (!ended && open);
        let next = if goes_on { NodeState::Running } else { settled };
        if next == state || (!ended && !goes_on) {
            return Ok(());
        }
        let times = Times { ended_at: ended.then_some(now), ..Times::default() };
        self.record(node, next, times, out);
        if state == NodeState::Running && next.is_settled() {
            self.propagate(plan, node);
        } else {
            self.recount(plan);
        }
        self.keep_interrupted(plan, now, out);
        Ok(())
    }
}

/// What an attempt's end makes of its node.
struct Next {
    state: NodeState,
    wake_at: Option<Timestamp>,
}
