//! [`Run`]: a few bytes and counters a node; and [`Run::step`].

use crate::plan::Plan;
use crate::run::active::Active;
use crate::run::choices::Choices;
use crate::run::event::{Effect, Event, Rejected, Transition};
use crate::run::node::{Gate, Node, NodeRecord, NodeState, Weight};
use crate::status::Status;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The state of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// As many as the plan has.
    pub(super) nodes: Vec<Node>,
    pub(super) is_group: bool,
    pub(super) gate: Gate,
    pub(super) interrupted: bool,
    pub(super) generation: u32,
    /// How many reachable nodes show each status.
    pub(super) shown_counts: [u32; Status::ALL.len()],
    pub(super) unsettled: u32,
    /// Attempts that have not ended, and retries that are due.
    pub(super) active: Vec<Active>,
    /// When retries are due and when the time of attempts is up.
    pub(super) timers: BTreeSet<(Timestamp, u32)>,
    /// Found ready in this step, not started yet.
    pub(super) ready: Vec<u32>,
    /// Buffer of [`Run::propagate`]; empty between steps.
    pub(super) settling: Vec<u32>,
    /// Nodes that may show something else without a change of their own state.
    pub(super) touched: Vec<u32>,
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
        let mut run = Self {
            nodes: (0..plan.len()).map(|node| Node::new(choices.initial(node))).collect(),
            is_group: plan.is_group(),
            gate,
            interrupted: false,
            generation: 1,
            shown_counts: [0; Status::ALL.len()],
            unsettled: 0,
            active: Vec::new(),
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
            run.load_node(plan, record)?;
        }
        for (node, status) in run.nodes.iter_mut().zip(loaded.members) {
            node.mirror = status;
        }
        // What is found ready here is started by the next step, a tick at the latest.
        run.recount(plan);
        Ok(run)
    }

    fn load_node(&mut self, plan: &Plan, record: NodeRecord) -> Result<(), Inconsistent> {
        let at = record.node;
        let node = self
            .nodes
            .get_mut(at as usize)
            .ok_or_else(|| Inconsistent(format!("node {at} of {}", plan.len())))?;
        node.state = record.state;
        node.generation = record.generation;
        node.attempt = record.attempt;
        node.epoch = record.epoch;
        let started_at = record.started_at.unwrap_or_default();
        // A member has no attempt of its own.
        let due = if record.state.has_attempt() && !plan.is_group() {
            // Its time-out counts from its dispatch until it is known when it really started.
            plan.policy(at).timeout_ms.map(|timeout_ms| started_at.plus_ms(timeout_ms))
        } else if record.state == NodeState::Backoff {
            let due = record.wake_at;
            Some(due.ok_or_else(|| Inconsistent(format!("node {at} waits without a time")))?)
        } else {
            return Ok(());
        };
        self.activate(Active { node: at, timed_out: false, started_at, due });
        Ok(())
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
            Event::Start => self.start()?,
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

    fn start(&mut self) -> Result<(), Rejected> {
        if self.has_nothing_to_run() {
            return Err(Rejected::NothingToRun);
        }
        self.find_ready();
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
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.attempt += 1;
        }
        self.dispatch_again(plan, node, now, out);
    }

    /// Opens an attempt in place of one that never started: under its number, with a token of its own.
    pub(super) fn dispatch_again(
        &mut self,
        plan: &Plan,
        node: u32,
        now: Timestamp,
        out: &mut Transition,
    ) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.epoch += 1;
        }
        if plan.is_group() {
            out.effects.push(Effect::Gate { node, gate: Gate::Open, reopen: false });
        } else {
            self.activate(Active { node, timed_out: false, started_at: now, due: None });
            out.effects.push(Effect::Dispatch {
                node,
                epoch: self.epoch(node),
                attempt: self.attempt(node),
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
        let generation = self.generation;
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.generation = generation;
            node.attempt = 0;
        }
        self.record(node, NodeState::Waiting, Times::default(), out);
        if plan.is_group() {
            self.recounted(node, |node| node.mirror = Status::NotStarted);
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
        self.recounted(node, |node| node.state = state);
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
    pub(super) fn recounted(&mut self, node: u32, change: impl FnOnce(&mut Node)) {
        let Some(node) = self.nodes.get_mut(node as usize) else { return };
        let before = node.weight(self.is_group);
        change(node);
        let after = node.weight(self.is_group);
        if before != after {
            self.weigh(before, |count| *count = count.saturating_sub(1));
            self.weigh(after, |count| *count += 1);
        }
    }

    fn weigh(&mut self, weight: Weight, add: impl Fn(&mut u32)) {
        let Some((shown, unsettled)) = weight else { return };
        if let Some(count) = self.shown_counts.get_mut(shown as usize) {
            add(count);
        }
        if unsettled {
            add(&mut self.unsettled);
        }
    }

    pub(super) fn reset_counts(&mut self, plan: &Plan) {
        self.ready.clear();
        self.shown_counts.fill(0);
        self.unsettled = 0;
        for at in 0..self.len() {
            let Some(node) = self.nodes.get_mut(at as usize) else { return };
            node.unmet = plan.in_count(at);
            node.dead = false;
            let weight = node.weight(self.is_group);
            self.weigh(weight, |count| *count += 1);
        }
    }

    pub(super) fn find_ready(&mut self) {
        self.ready.clear();
        for node in 0..self.len() {
            if self.is_ready(node) {
                self.ready.push(node);
            }
        }
    }

    pub(super) fn set_flags(&mut self, gate: Gate, interrupted: bool, generation: u32) {
        self.gate = gate;
        self.interrupted = interrupted;
        self.generation = generation;
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
