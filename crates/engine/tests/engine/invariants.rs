//! What must hold of every accepted step, whatever the model says: checked from the engine's own words.

use dayend_engine::definition::On;
use dayend_engine::plan::Plan;
use dayend_engine::run::{
    Effect, Event, NodeRecord, NodeState, Outcome, Run, TaskVerb, Transition,
};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use NodeState::{
    Aborted, Backoff, Excluded, Failed, Held, Interrupted, Recycling, Running, Stopping,
    Successful, Waiting,
};

/// What is remembered of a run's past.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    epochs: Vec<u32>,
    /// (node, generation) → reports of failure in it that were followed by a retry.
    retries: BTreeMap<(u32, u32), u32>,
    retry_at: BTreeMap<u32, Timestamp>,
    interrupted: bool,
}

impl Watch {
    pub(crate) fn new(run: &Run, nodes: u32) -> Self {
        Self {
            epochs: (0..nodes).map(|node| run.epoch(node)).collect(),
            retries: BTreeMap::new(),
            retry_at: BTreeMap::new(),
            interrupted: false,
        }
    }

    /// Checks one accepted step.
    pub(crate) fn accepted(
        &mut self,
        plan: &Plan,
        before: &Run,
        event: Event<'_>,
        out: &Transition,
        after: &Run,
        now: Timestamp,
    ) {
        let restarts = is_restart(event);
        if restarts {
            self.interrupted = false;
            restart_reopens_the_unsuccessful_only(plan, before, after);
        }
        only_listed_changes(before, event, &out.nodes);
        nothing_changes_unsaid(plan, before, out, after);
        for record in &out.nodes {
            self.note_retry(plan, record, now);
        }
        let mut dispatched = BTreeSet::new();
        for effect in &out.effects {
            if let Effect::Dispatch { node, epoch, attempt, generation } = *effect {
                assert!(dispatched.insert(node), "{node} was started twice in one step");
                assert_eq!(
                    (generation, attempt),
                    (after.node_generation(node), after.attempt(node))
                );
                self.start(plan, before, event, after, node, epoch, now);
            }
        }
        for node in 0..plan.len() {
            assert_eq!(
                after.epoch(node),
                self.epochs[node as usize],
                "{node}: epoch without start"
            );
        }
        self.interrupted |= event == Event::Interrupt;
        status_is_the_roll_up(plan, after);
    }

    #[expect(clippy::too_many_arguments, reason = "all there is to know of a start")]
    fn start(
        &mut self,
        plan: &Plan,
        before: &Run,
        event: Event<'_>,
        after: &Run,
        node: u32,
        epoch: u32,
        now: Timestamp,
    ) {
        assert!(!self.interrupted, "{node} started between an interrupt and a restart");
        let known = &mut self.epochs[node as usize];
        *known += 1;
        assert_eq!(epoch, *known, "epochs grow by one");
        let verb = |wanted| event == Event::Verb { node, verb: wanted };
        let restarts = is_restart(event);
        let allowed = match before.state(node) {
            Waiting | Running | Backoff | Recycling => true,
            Held => verb(TaskVerb::Release) || restarts,
            Excluded => verb(TaskVerb::Include),
            Failed | Interrupted | Aborted => restarts,
            Stopping | Successful => false,
        };
        assert!(allowed, "{node} started from {:?} by {event:?}", before.state(node));
        if let Some(due) = self.retry_at.remove(&node) {
            assert!(now >= due, "{node} was tried again too early");
        }
        // In place of an attempt that never started there may be another one whatever was reopened meanwhile.
        if after.attempt(node) == 1 && before.state(node) != Running {
            predecessors_are_done(plan, after, node);
        }
    }

    fn note_retry(&mut self, plan: &Plan, record: &NodeRecord, now: Timestamp) {
        self.retry_at.remove(&record.node);
        if record.state != Backoff {
            assert_eq!(record.wake_at, None);
            return;
        }
        let policy = plan.policy(record.node);
        let count = self.retries.entry((record.node, record.generation)).or_default();
        *count += 1;
        assert!(*count <= policy.max_retries, "{}: too many retries", record.node);
        let due = record.wake_at.unwrap();
        let least = policy.backoff_ms.min(policy.max_backoff_ms);
        assert!(due >= now.plus_ms(least), "{}: retried too soon", record.node);
        self.retry_at.insert(record.node, due);
    }
}

fn is_restart(event: Event<'_>) -> bool {
    matches!(event, Event::Restart { .. } | Event::Gate { reopen: true, .. })
}

/// The changes there are, and what may bring a settled node back.
fn only_listed_changes(before: &Run, event: Event<'_>, records: &[NodeRecord]) {
    let mut states = BTreeMap::new();
    for record in records {
        let node = record.node;
        let from = states.insert(node, record.state).unwrap_or_else(|| before.state(node));
        let verb = |wanted| event == Event::Verb { node, verb: wanted };
        let restarts = is_restart(event);
        let forced = verb(TaskVerb::ForceOk) || event == Event::ForceAll;
        let report = |wanted: &[Outcome]| {
            let told = |outcome| matches!(event, Event::Ended { node: of, outcome: told, .. } if of == node && told == outcome);
            wanted.iter().any(|outcome| told(*outcome))
        };
        let whatever = [Outcome::Succeeded, Outcome::Failed, Outcome::Lost, Outcome::Void];
        // A force-OK under an interrupt makes tasks reachable again; the interrupt takes them.
        let some_force =
            matches!(event, Event::Verb { verb: TaskVerb::ForceOk, .. } | Event::ForceAll);
        let stands = before.is_interrupted() && some_force;
        let allowed = match (from, record.state) {
            (Waiting, Running) => true,
            (Waiting, Held) => verb(TaskVerb::Hold),
            (Waiting | Held, Excluded) => verb(TaskVerb::Exclude),
            (Waiting | Held, Interrupted) => event == Event::Interrupt || stands,
            (Held, Waiting) => verb(TaskVerb::Release) || restarts,
            (Excluded, Waiting) => verb(TaskVerb::Include),
            (Running | Recycling, Stopping) | (Backoff, Interrupted) => event == Event::Interrupt,
            (Running, Successful) => report(&[Outcome::Succeeded]),
            (Running, Running) => report(&[Outcome::Lost, Outcome::Void]),
            (Running, Aborted) => report(&[Outcome::Lost]),
            // A success whose time was up is none.
            (Running, Failed | Backoff) => report(&[Outcome::Succeeded, Outcome::Failed]),
            (Stopping, Interrupted) | (Recycling | Waiting, Waiting) => report(&whatever),
            (Stopping, Recycling) | (Failed | Interrupted | Aborted, Waiting) => restarts,
            (Backoff, Running) => event == Event::Tick,
            (Aborted, Failed) => report(&[Outcome::Failed]),
            (Aborted, Successful) => forced || report(&[Outcome::Succeeded]),
            (Failed | Interrupted, Successful) => forced,
            (_, _) => false,
        };
        assert!(allowed, "{node} went from {from:?} to {:?} by {event:?}", record.state);
    }
}

/// A node that is not in the transition is as it was and shows what it showed; the last record says how it is.
fn nothing_changes_unsaid(plan: &Plan, before: &Run, out: &Transition, after: &Run) {
    for node in 0..plan.len() {
        let last = out.nodes.iter().rev().find(|record| record.node == node);
        let told = last.copied().unwrap_or_else(|| before.record_of(node));
        let now = after.record_of(node);
        let numbers =
            |one: NodeRecord| (one.state, one.generation, one.attempt, one.epoch, one.wake_at);
        assert_eq!(numbers(told), numbers(now), "{node} is not as its record says");
        if now.state.has_attempt() {
            assert_eq!(told.started_at, now.started_at, "{node}: the start is not on record");
        }
        let mentioned = last.is_some() || out.touched.contains(&node);
        assert!(mentioned || before.shown(node) == after.shown(node), "{node} looks different");
    }
}

fn restart_reopens_the_unsuccessful_only(plan: &Plan, before: &Run, after: &Run) {
    for node in 0..plan.len() {
        let (was, is) = (before.state(node), after.state(node));
        let reopened = after.node_generation(node) == after.generation()
            && after.node_generation(node) > before.node_generation(node);
        match was {
            Failed | Interrupted | Aborted | Held => {
                assert!(reopened && [Waiting, Running].contains(&is), "{node}: {was:?} → {is:?}");
            }
            Stopping => assert!(!reopened && is == Recycling, "{node}: {was:?} → {is:?}"),
            Successful | Excluded | Running | Recycling | Backoff => {
                assert!(!reopened && is == was, "{node}: {was:?} → {is:?}");
                assert_eq!(before.epoch(node), after.epoch(node), "{node} was repeated");
            }
            Waiting => assert!(!reopened && [Waiting, Running].contains(&is), "{node} → {is:?}"),
        }
    }
}

/// By definition of the edges; a node that shows NOT-STARTED has settled only if it can never start, and `end` edges
/// from it fire: that case is the model's.
fn predecessors_are_done(plan: &Plan, run: &Run, node: u32) {
    for from in 0..plan.len() {
        for edge in plan.out_edges(from).iter().filter(|edge| edge.to == node) {
            let state = run.state(from);
            let done = match edge.on {
                On::Success => matches!(state, Successful | Excluded),
                On::Failure => matches!(state, Failed | Aborted),
                On::End if state == Held => run.shown(from) == Status::NotStarted,
                On::End => !state.is_active(),
            };
            assert!(done, "{node} started while {from} was {state:?}, on {:?}", edge.on);
        }
    }
}

/// The status is a function of what the nodes show; a pending node that is not reachable does not count, but cannot
/// change the answer either, unless nothing else is left.
fn status_is_the_roll_up(plan: &Plan, run: &Run) {
    let shown: BTreeSet<Status> = (0..plan.len()).map(|node| run.shown(node)).collect();
    let ranked = [
        Status::OnGoing,
        Status::Interrupted,
        Status::Failed,
        Status::Aborted,
        Status::Held,
        Status::Successful,
    ];
    if run.gate() == dayend_engine::run::Gate::Open {
        let want = ranked.into_iter().find(|status| shown.contains(status));
        assert_eq!(run.status(), want.unwrap_or(Status::Excluded), "{shown:?}");
    }
}
