//! [`Run`]: a byte of state, three counters and an epoch a node; and [`Run::step`].

use crate::plan::Plan;
use crate::run::choices::Choices;
use crate::run::event::{Effect, Event, Rejected, Transition};
use crate::run::node::{Gate, NodeRecord, NodeState};
use crate::status::Status;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The state of one run. All vectors are as long as the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub(super) states: Vec<NodeState>,
    /// In-edges that are not met (dead ones included).
    pub(super) unmet: Vec<u32>,
    /// In-edges that can never be met.
    pub(super) dead: Vec<u32>,
    pub(super) generations: Vec<u32>,
    pub(super) attempts: Vec<u32>,
    pub(super) epochs: Vec<u32>,
    /// In a group: the status of each member run.
    pub(super) mirrors: Vec<Status>,
    pub(super) gate: Gate,
    pub(super) interrupted: bool,
    pub(super) generation: u32,
    /// How many reachable nodes show each status.
    pub(super) shown_counts: [u32; Status::ALL.len()],
    pub(super) unsettled: u32,
    /// Attempts that have not ended.
    pub(super) active: BTreeMap<u32, Active>,
    /// Retries that are due and attempts whose time is up.
    pub(super) timers: BTreeSet<(Timestamp, u32)>,
    /// Found ready in this step, not started yet.
    pub(super) ready: Vec<u32>,
    /// Buffer of [`Run::propagate`]; empty between steps.
    pub(super) settling: Vec<u32>,
    /// Nodes that may show something else without a change of their own state.
    pub(super) touched: Vec<u32>,
}

/// What is remembered of an attempt while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) started_at: Timestamp,
    pub(super) deadline: Option<Timestamp>,
    pub(super) timed_out: bool,
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
            touched: Vec::new(),
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
            // A member has no attempt of its own.
            if record.state.has_attempt() && !plan.is_group() {
                run.resume(plan, record);
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

    /// An attempt goes on. Its time-out counts from its dispatch until it is known when it really started.
    fn resume(&mut self, plan: &Plan, record: NodeRecord) {
        let started_at = record.started_at.unwrap_or_default();
        let timeout_ms = plan.policy(record.node).timeout_ms;
        let deadline = timeout_ms.map(|timeout_ms| started_at.plus_ms(timeout_ms));
        self.active.insert(record.node, Active { started_at, deadline, timed_out: false });
        self.timers.extend(deadline.map(|deadline| (deadline, record.node)));
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
            Event::Verb { node, verb } => self.verb(plan, node, verb, now, out)?,
            Event::ForceAll => self.force_all(plan, now, out)?,
            Event::Started { node, epoch } => self.started(plan, node, epoch, now)?,
            Event::Ended { node, epoch, outcome } => {
                self.attempt_ended(plan, node, epoch, outcome, now, out)?;
            }
            Event::Tick => self.tick(plan, now, out),
            Event::Member { node, status, ended } => {
                self.member(plan, node, status, ended, now, out)?;
            }
        }
        self.start_ready(plan, now, out);
        std::mem::swap(&mut self.touched, &mut out.touched);
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
    pub(super) fn recounted(&mut self, node: u32, change: impl FnOnce(&mut Self)) {
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

/// The times that go into a node's record.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "they are named as in the record")]
pub(super) struct Times {
    pub wake_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}
