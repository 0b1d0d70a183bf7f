//! [`Run`]: a byte of state, three counters and an epoch a node; and [`Run::step`].

use crate::plan::Plan;
use crate::run::choices::Choices;
use crate::run::event::{Effect, Event, Outcome, Rejected, Transition};
use crate::run::node::{Gate, NodeRecord, NodeState};
use crate::status::Status;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Attempts that may be lost in one generation of a task with `on_lost: retry` before it is ABORTED all the same.
const LOST_ATTEMPTS_MAX: u32 = 100;

/// The state of one run. All vectors are as long as the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    states: Vec<NodeState>,
    /// In-edges that are not met (dead ones included).
    unmet: Vec<u32>,
    /// In-edges that can never be met.
    dead: Vec<u32>,
    generations: Vec<u32>,
    attempts: Vec<u32>,
    epochs: Vec<u32>,
    /// In a group: the status of each member run.
    mirrors: Vec<Status>,
    gate: Gate,
    interrupted: bool,
    generation: u32,
    /// How many reachable nodes show each status.
    shown_counts: [u32; Status::ALL.len()],
    unsettled: u32,
    /// Attempts that have not ended.
    active: BTreeMap<u32, Active>,
    /// Retries that are due and attempts whose time is up.
    timers: BTreeSet<(Timestamp, u32)>,
    /// Found ready in this step, not started yet.
    pub(super) ready: Vec<u32>,
    /// Buffer of [`Run::propagate`]; empty between steps.
    pub(super) settling: Vec<u32>,
}

/// What is remembered of an attempt while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Active {
    started_at: Timestamp,
    deadline: Option<Timestamp>,
    timed_out: bool,
}

/// What the store kept of a run.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub gate: Gate,
    pub interrupted: bool,
    pub generation: u32,
    /// Only the nodes that left their initial state.
    pub nodes: Vec<NodeRecord>,
    /// In a group: the status of each member run, in node order.
    pub members: Vec<Status>,
}

/// What the store kept does not fit the plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored run does not fit its definition: {0}")]
pub struct Inconsistent(pub String);

impl Run {
    /// A run that has not begun.
    pub fn new(plan: &Plan, choices: &Choices, gate: Gate) -> Self {
        let len = plan.len() as usize;
        let mut run = Self {
            states: (0..plan.len()).map(|node| choices.initial(node)).collect(),
            unmet: Vec::new(),
            dead: vec![0; len],
            generations: vec![1; len],
            attempts: vec![0; len],
            epochs: vec![0; len],
            mirrors: if plan.is_group() { vec![Status::NotStarted; len] } else { Vec::new() },
            gate,
            interrupted: false,
            generation: 1,
            shown_counts: [0; Status::ALL.len()],
            unsettled: 0,
            active: BTreeMap::new(),
            timers: BTreeSet::new(),
            ready: Vec::new(),
            settling: Vec::new(),
        };
        run.recount(plan);
        run
    }

    /// A run as the store kept it. Attempts that have not ended are found with [`Run::unfinished`].
    pub fn load(plan: &Plan, choices: &Choices, loaded: Loaded) -> Result<Self, Inconsistent> {
        let mut run = Self::new(plan, choices, loaded.gate);
        run.interrupted = loaded.interrupted;
        run.generation = loaded.generation;
        for record in loaded.nodes {
            let at = record.node as usize;
            let state = run
                .states
                .get_mut(at)
                .ok_or_else(|| Inconsistent(format!("node {at} of {}", plan.len())))?;
            *state = record.state;
            run.set_numbers(record);
            if record.state.has_attempt() {
                let started_at = record.started_at.unwrap_or_default();
                run.active
                    .insert(record.node, Active { started_at, deadline: None, timed_out: false });
            }
            if record.state == NodeState::Backoff {
                let due = record
                    .wake_at
                    .ok_or_else(|| Inconsistent(format!("node {at} waits without a time")))?;
                run.timers.insert((due, record.node));
            }
        }
        for (mirror, status) in run.mirrors.iter_mut().zip(loaded.members) {
            *mirror = status;
        }
        // What is found ready here is started by the next step, a tick at the latest.
        run.recount(plan);
        Ok(run)
    }

    /// Folds one command or fact into the run. Pure: `now` comes in, work goes out in `out`; a refused event changes
    /// nothing.
    pub fn step(
        &mut self,
        plan: &Plan,
        event: Event<'_>,
        now: Timestamp,
        out: &mut Transition,
    ) -> Result<(), Rejected> {
        out.clear();
        match event {
            Event::Start => self.start(plan)?,
            Event::Gate { gate, reopen } => self.set_gate(plan, gate, reopen, out),
            Event::Interrupt => self.interrupt(plan, now, out)?,
            Event::Restart { members } => self.restart(plan, members, out)?,
            Event::RestartMember { node } => self.restart_member(plan, node, now, out)?,
            Event::Verb { node, verb } => self.verb(plan, node, verb, out)?,
            Event::ForceAll => self.force_all(plan, now, out)?,
            Event::Started { node, epoch } => self.started(plan, node, epoch, now)?,
            Event::Ended { node, epoch, outcome } => {
                self.attempt_ended(plan, node, epoch, outcome, now, out)?
            }
            Event::Tick => self.tick(plan, now, out),
            Event::Member { node, status, ended } => {
                self.member(plan, node, status, ended, now, out)?
            }
        }
        self.start_ready(plan, now, out);
        if let Some((next, _)) = self.timers.first() {
            out.effects.push(Effect::WakeAt(*next));
        }
        Ok(())
    }

    fn start(&mut self, plan: &Plan) -> Result<(), Rejected> {
        if self.unsettled == 0 {
            return Err(Rejected::NothingToRun);
        }
        self.find_ready(plan);
        Ok(())
    }

    /// An attempt left the executor's queue: its time begins to count. Nothing of this is stored: a re-adopted attempt
    /// reports it again.
    fn started(
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
        if let (Some(active), Some(deadline)) = (self.active.get_mut(&node), deadline) {
            if let Some(earlier) = active.deadline.replace(deadline) {
                self.timers.remove(&(earlier, node));
            }
            self.timers.insert((deadline, node));
        }
        Ok(())
    }

    fn attempt_ended(
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
        let late = state == NodeState::Aborted && outcome != Outcome::Lost && !self.interrupted;
        if !newest || !(state.has_attempt() || late) {
            return Err(Rejected::Stale);
        }
        let active = self.active.remove(&node);
        if let Some(deadline) = active.and_then(|active| active.deadline) {
            self.timers.remove(&(deadline, node));
        }
        out.timed_out = active.is_some_and(|active| active.timed_out);
        let started_at = active.map(|active| active.started_at);
        let next = self.after_attempt(plan, node, outcome, now, out.timed_out);
        self.record(
            node,
            next.state,
            Times { wake_at: next.wake_at, started_at, ended_at: Some(now) },
            out,
        );
        match next.state {
            NodeState::Backoff => self.timers.extend(next.wake_at.map(|due| (due, node))),
            NodeState::Running => self.dispatch(plan, node, now, out),
            _ if state == NodeState::Recycling => {
                self.reopen(plan, node, out);
                self.recount(plan);
            }
            _ if late => self.recount(plan),
            _ => self.propagate(plan, node),
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
            (_, Outcome::Lost) if !timed_out => to(NodeState::Aborted),
            (_, _) if self.attempt(node) <= policy.max_retries => Next {
                state: NodeState::Backoff,
                wake_at: Some(now.plus_ms(policy.delay_ms(self.attempt(node)))),
            },
            (_, _) => to(NodeState::Failed),
        }
    }

    fn tick(&mut self, plan: &Plan, now: Timestamp, out: &mut Transition) {
        while let Some((due, node)) = self.timers.first().copied().filter(|(due, _)| *due <= now) {
            self.timers.remove(&(due, node));
            if self.state(node) == NodeState::Backoff {
                self.dispatch(plan, node, now, out);
            } else if let Some(active) = self.active.get_mut(&node) {
                active.timed_out = true;
                active.deadline = None;
                out.effects.push(Effect::Stop { node, epoch: self.epoch(node) });
            }
        }
    }

    /// A member run is not what it was: the group follows.
    fn member(
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
        self.recounted(node, |run| {
            if let Some(mirror) = run.mirrors.get_mut(node as usize) {
                *mirror = status;
            }
        });
        let settled = match status {
            Status::Successful => NodeState::Successful,
            Status::Failed => NodeState::Failed,
            Status::Interrupted => NodeState::Interrupted,
            Status::Aborted => NodeState::Aborted,
            Status::Excluded => NodeState::Excluded,
            Status::NotStarted | Status::OnGoing | Status::Held => NodeState::Running,
        };
        let goes_on = matches!(status, Status::OnGoing) || (!ended && state == NodeState::Running);
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
        Ok(())
    }

    /// Starts what the step found ready: unless an interrupt stands, or the gate is closed.
    fn start_ready(&mut self, plan: &Plan, now: Timestamp, out: &mut Transition) {
        let mut ready = std::mem::take(&mut self.ready);
        for node in ready.drain(..) {
            if self.is_ready(node) && !self.interrupted && self.gate == Gate::Open {
                self.dispatch(plan, node, now, out);
            }
        }
        // Keeps the buffer for the next step.
        self.ready = ready;
    }

    /// Opens the next attempt of a task, or the gate of a member.
    pub(super) fn dispatch(
        &mut self,
        plan: &Plan,
        node: u32,
        now: Timestamp,
        out: &mut Transition,
    ) {
        let at = node as usize;
        for counter in [self.attempts.get_mut(at), self.epochs.get_mut(at)].into_iter().flatten() {
            *counter += 1;
        }
        if plan.is_group() {
            out.effects.push(Effect::Gate { node, gate: Gate::Open, reopen: false });
        } else {
            self.active.insert(node, Active { started_at: now, deadline: None, timed_out: false });
            let (epoch, attempt) = (self.epoch(node), self.attempt(node));
            out.effects.push(Effect::Dispatch {
                node,
                epoch,
                attempt,
                generation: self.node_generation(node),
            });
        }
        self.record(
            node,
            NodeState::Running,
            Times { started_at: Some(now), ..Times::default() },
            out,
        );
    }

    /// Puts a node back to the start, in the run's newest generation.
    pub(super) fn reopen(&mut self, plan: &Plan, node: u32, out: &mut Transition) {
        let at = node as usize;
        if let (Some(generation), Some(attempt)) =
            (self.generations.get_mut(at), self.attempts.get_mut(at))
        {
            *generation = self.generation;
            *attempt = 0;
        }
        self.record(node, NodeState::Waiting, Times::default(), out);
        if plan.is_group() {
            self.recounted(node, |run| {
                if let Some(mirror) = run.mirrors.get_mut(at) {
                    *mirror = Status::NotStarted;
                }
            });
            out.effects.push(Effect::Gate { node, gate: Gate::Waiting, reopen: true });
        }
    }

    /// Sets the state and notes the change.
    pub(super) fn record(
        &mut self,
        node: u32,
        state: NodeState,
        times: Times,
        out: &mut Transition,
    ) {
        self.recounted(node, |run| {
            if let Some(slot) = run.states.get_mut(node as usize) {
                *slot = state;
            }
        });
        out.nodes.push(NodeRecord {
            node,
            state,
            generation: self.node_generation(node),
            attempt: self.attempt(node),
            epoch: self.epoch(node),
            wake_at: times.wake_at,
            started_at: times.started_at,
            ended_at: times.ended_at,
        });
    }

    /// Applies a change to one node and keeps the counters right.
    fn recounted(&mut self, node: u32, change: impl FnOnce(&mut Self)) {
        self.weigh(node, |count| *count = count.saturating_sub(1));
        change(self);
        self.weigh(node, |count| *count += 1);
    }

    fn weigh(&mut self, node: u32, add: impl Fn(&mut u32)) {
        let state = self.state(node);
        if state.is_pending() && self.dead_edges(node) > 0 {
            return;
        }
        let shown = self.shown(node) as usize;
        if let Some(count) = self.shown_counts.get_mut(shown) {
            add(count);
        }
        if !state.is_settled() {
            add(&mut self.unsettled);
        }
    }

    pub(super) fn reset_counts(&mut self, plan: &Plan) {
        self.unmet = (0..plan.len()).map(|node| plan.in_count(node)).collect();
        self.dead.fill(0);
        self.ready.clear();
        self.shown_counts.fill(0);
        self.unsettled = 0;
        for node in 0..plan.len() {
            self.weigh(node, |count| *count += 1);
        }
    }

    pub(super) fn count_met(&mut self, node: u32) {
        if let Some(unmet) = self.unmet.get_mut(node as usize) {
            *unmet = unmet.saturating_sub(1);
        }
    }

    pub(super) fn count_dead(&mut self, node: u32) {
        self.recounted(node, |run| {
            if let Some(dead) = run.dead.get_mut(node as usize) {
                *dead += 1;
            }
        });
    }

    pub(super) fn find_ready(&mut self, plan: &Plan) {
        self.ready.clear();
        for node in 0..plan.len() {
            if self.is_ready(node) {
                self.ready.push(node);
            }
        }
    }

    /// Forgets the retries that an interrupt made void.
    pub(super) fn drop_void_timers(&mut self) {
        let states = &self.states;
        let due = |node: u32| states.get(node as usize).is_some_and(|state| state.is_active());
        self.timers.retain(|(_, node)| due(*node));
    }

    pub(super) fn set_flags(&mut self, gate: Gate, interrupted: bool, generation: u32) {
        self.gate = gate;
        self.interrupted = interrupted;
        self.generation = generation;
    }

    pub(super) fn started_at(&self, node: u32) -> Option<Timestamp> {
        self.active.get(&node).map(|active| active.started_at)
    }

    fn set_numbers(&mut self, record: NodeRecord) {
        let at = record.node as usize;
        let slots =
            [self.generations.get_mut(at), self.attempts.get_mut(at), self.epochs.get_mut(at)];
        for (slot, value) in
            slots.into_iter().zip([record.generation, record.attempt, record.epoch])
        {
            if let Some(slot) = slot {
                *slot = value;
            }
        }
    }
}

/// What an attempt's end makes of its node.
struct Next {
    state: NodeState,
    wake_at: Option<Timestamp>,
}

/// The times that go into a node's record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub wake_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// What can be asked of a run.
impl Run {
    pub fn state(&self, node: u32) -> NodeState {
        self.states.get(node as usize).copied().unwrap_or_default()
    }

    pub fn attempt(&self, node: u32) -> u32 {
        self.attempts.get(node as usize).copied().unwrap_or_default()
    }

    pub fn epoch(&self, node: u32) -> u32 {
        self.epochs.get(node as usize).copied().unwrap_or_default()
    }

    pub fn node_generation(&self, node: u32) -> u32 {
        self.generations.get(node as usize).copied().unwrap_or_default()
    }

    pub fn gate(&self) -> Gate {
        self.gate
    }

    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Attempts that have not ended (the executor must be asked about them after a restart of the server).
    pub fn unfinished(&self) -> impl Iterator<Item = u32> + '_ {
        self.active.keys().copied()
    }

    /// When [`Event::Tick`] is due next.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Whether a restart would find something to do.
    pub fn can_reopen(&self) -> bool {
        self.states.iter().any(|state| state.is_reopenable())
    }

    pub(super) fn nodes(&self) -> u32 {
        u32::try_from(self.states.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn dead_edges(&self, node: u32) -> u32 {
        self.dead.get(node as usize).copied().unwrap_or_default()
    }

    pub(super) fn is_ready(&self, node: u32) -> bool {
        self.state(node) == NodeState::Waiting && self.edges_met(node)
    }

    pub(super) fn edges_met(&self, node: u32) -> bool {
        self.unmet.get(node as usize) == Some(&0)
    }

    pub(super) fn mirrored(&self, node: u32) -> Option<Status> {
        self.mirrors.get(node as usize).copied()
    }

    pub(super) fn count_shown(&self, status: Status) -> u32 {
        self.shown_counts.get(status as usize).copied().unwrap_or_default()
    }

    pub(super) fn unsettled(&self) -> u32 {
        self.unsettled
    }
}
