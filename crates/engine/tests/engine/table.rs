//! The state table, for people to read: every state of a task under every event, and the status of every pair of tasks.

use crate::build::{batch, task};
use dayend_engine::definition::{OnLost, Retries, Task};
use dayend_engine::plan::Plan;
use dayend_engine::run::{
    Choices, Effect, Event, Gate, Loaded, NodeRecord, NodeState, Outcome, Run, TaskVerb, Transition,
};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use std::fmt::Write;

const NOW: Timestamp = Timestamp(5_000_000);

/// A record of node `node` in a state, in the middle of its first generation.
fn record(node: u32, state: NodeState) -> NodeRecord {
    let begun = !state.is_pending() && state != NodeState::Excluded;
    NodeRecord {
        node,
        state,
        generation: 1,
        attempt: u32::from(begun),
        epoch: u32::from(begun),
        wake_at: (state == NodeState::Backoff).then_some(NOW),
        started_at: begun.then_some(Timestamp(1_000_000)),
        ended_at: None,
    }
}

fn load(plan: &Plan, states: &[NodeState], gate: Gate, interrupted: bool) -> Run {
    let nodes = (0_u32..).zip(states).map(|(node, state)| record(node, *state)).collect();
    let loaded = Loaded { gate, interrupted, generation: 1, nodes, members: Vec::new() };
    Run::load(plan, &Choices::default(), loaded).unwrap()
}

fn events() -> Vec<(&'static str, Event<'static>)> {
    let ended = |epoch, outcome| Event::Ended { node: 0, epoch, outcome };
    let verb = |verb| Event::Verb { node: 0, verb };
    vec![
        ("interrupt", Event::Interrupt),
        ("restart", Event::Restart { members: &[] }),
        ("started", Event::Started { node: 0, epoch: 1 }),
        ("started, stale", Event::Started { node: 0, epoch: 2 }),
        ("succeeded", ended(1, Outcome::Succeeded)),
        ("failed", ended(1, Outcome::Failed)),
        ("lost", ended(1, Outcome::Lost)),
        ("never started", ended(1, Outcome::Void)),
        ("succeeded, stale", ended(0, Outcome::Succeeded)),
        ("tick", Event::Tick),
        ("hold", verb(TaskVerb::Hold)),
        ("release", verb(TaskVerb::Release)),
        ("exclude", verb(TaskVerb::Exclude)),
        ("include", verb(TaskVerb::Include)),
        ("force-ok", verb(TaskVerb::ForceOk)),
        ("force all", Event::ForceAll),
        ("gate: waiting, reopen", Event::Gate { gate: Gate::Waiting, reopen: true }),
    ]
}

/// What became of node 0: its new state with what is to be done, or the refusal.
fn outcome(plan: &Plan, mut run: Run, event: Event<'_>) -> String {
    let mut out = Transition::default();
    if let Err(rejected) = run.step(plan, event, NOW, &mut out) {
        let name = format!("{rejected:?}");
        return format!("refused: {}", name.split([' ', '{']).next().unwrap());
    }
    let mut text = format!("{:?}", run.state(0));
    for effect in &out.effects {
        match effect {
            Effect::Dispatch { node: 0, epoch, attempt, generation } => {
                write!(
                    text,
                    " + start (epoch {epoch}, attempt {attempt}, generation {generation})"
                )
                .unwrap();
            }
            Effect::Stop { node: 0, .. } => text.push_str(" + stop"),
            Effect::WakeAt(at) => write!(text, " + wake in {} ms", (at.0 - NOW.0) / 1000).unwrap(),
            Effect::Dispatch { .. }
            | Effect::Stop { .. }
            | Effect::Gate { .. }
            | Effect::InterruptMember { .. }
            | Effect::ForceMember { .. } => {}
        }
    }
    text
}

/// Node 0 has one retry and waits for node 1 that runs, so that the run goes on and a pending node stays pending.
fn table(subject: Task, states: &[NodeState], interrupted: bool) -> String {
    let first = Task {
        after: vec![crate::build::edge("FIRST", dayend_engine::definition::On::Success)],
        ..subject
    };
    let plan = Plan::of_batch(&batch(vec![first, task("FIRST", &[])])).unwrap();
    let mut text = String::new();
    for state in states.iter().copied() {
        writeln!(text, "{state:?}").unwrap();
        for (name, event) in events() {
            let other = if interrupted { NodeState::Stopping } else { NodeState::Running };
            let run = load(&plan, &[state, other], Gate::Open, interrupted);
            writeln!(text, "  {name:<22} → {}", outcome(&plan, run, event)).unwrap();
        }
    }
    text
}

fn with_a_retry() -> Task {
    let retries = Retries { max: 1, backoff_ms: 700, max_backoff_ms: None };
    Task { retries, ..task("SUBJECT", &[]) }
}

#[test]
fn every_state_answers_every_event() {
    insta::assert_snapshot!("states", table(with_a_retry(), &NodeState::ALL, false));
}

#[test]
fn every_state_answers_every_event_while_an_interrupt_stands() {
    // All there can be then: what could start or run was interrupted.
    let states = [
        NodeState::Excluded,
        NodeState::Stopping,
        NodeState::Successful,
        NodeState::Failed,
        NodeState::Interrupted,
        NodeState::Aborted,
    ];
    insta::assert_snapshot!("states_interrupted", table(with_a_retry(), &states, true));
}

#[test]
fn a_lost_attempt_of_a_repeatable_task_starts_again_from_running_only() {
    let again = Task { on_lost: OnLost::Retry, ..task("SUBJECT", &[]) };
    let plan = Plan::of_batch(&batch(vec![again])).unwrap();
    let lost = Event::Ended { node: 0, epoch: 1, outcome: Outcome::Lost };
    let mut text = String::new();
    for state in NodeState::ALL {
        let run = load(&plan, &[state], Gate::Open, false);
        writeln!(text, "{:<12} → {}", format!("{state:?}"), outcome(&plan, run, lost)).unwrap();
    }
    insta::assert_snapshot!("states_lost", text);
}

/// What readers see: the status after a step, when all that is ready has started.
fn after_a_step(plan: &Plan, states: [NodeState; 2]) -> Run {
    let mut run = load(plan, &states, Gate::Open, false);
    run.step(plan, Event::Tick, Timestamp(NOW.0 - 1), &mut Transition::default()).unwrap();
    run
}

#[test]
fn every_pair_of_tasks_rolls_up_to_one_status() {
    let plan = Plan::of_batch(&batch(vec![task("A", &[]), task("B", &[])])).unwrap();
    let mut text = String::new();
    for (at, one) in NodeState::ALL.into_iter().enumerate() {
        for other in NodeState::ALL.into_iter().skip(at) {
            let run = after_a_step(&plan, [one, other]);
            let swapped = after_a_step(&plan, [other, one]);
            assert_eq!((run.status(), run.ended()), (swapped.status(), swapped.ended()));
            let ended = if run.ended() { "ended" } else { "open" };
            let pair = format!("{one:?}, {other:?}");
            writeln!(text, "{pair:<24} → {:<11} {ended}", run.status().as_str()).unwrap();
        }
    }
    insta::assert_snapshot!("roll_up", text);
}

#[test]
fn a_shut_gate_says_what_its_member_is_whatever_its_tasks_are() {
    let plan = Plan::of_batch(&batch(vec![task("A", &[])])).unwrap();
    for state in NodeState::ALL {
        let of = |gate| load(&plan, &[state], gate, false);
        let seen = |gate| (of(gate).status(), of(gate).ended());
        assert_eq!(seen(Gate::Waiting), (Status::NotStarted, false), "{state:?}");
        assert_eq!(seen(Gate::Held), (Status::Held, false), "{state:?}");
        assert_eq!(seen(Gate::Excluded), (Status::Excluded, true), "{state:?}");
    }
}

#[test]
fn what_a_store_kept_of_another_plan_is_refused() {
    let plan = Plan::of_batch(&batch(vec![task("A", &[])])).unwrap();
    let refused = |record| {
        let nodes = vec![record];
        let loaded =
            Loaded { gate: Gate::Open, interrupted: false, generation: 1, nodes, members: vec![] };
        Run::load(&plan, &Choices::default(), loaded).unwrap_err().to_string()
    };
    let beyond = refused(record(1, NodeState::Successful));
    assert_eq!(beyond, "a stored run does not fit its definition: node 1 of 1");
    let timeless = refused(NodeRecord { wake_at: None, ..record(0, NodeState::Backoff) });
    assert_eq!(timeless, "a stored run does not fit its definition: node 0 waits without a time");
}
