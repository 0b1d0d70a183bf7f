//! Compiling definitions: what is refused, and that size costs neither stack nor much memory.

use crate::build::{batch, batches, group, many_cases, task};
use dayend_engine::codes::Code;
use dayend_engine::definition::{Batch, NODES_MAX, On, OnLost, Retries, Task};
use dayend_engine::plan::{BACKOFF_MAX_MS, OutEdge, Plan, PlanError};
use dayend_engine::run::{Choices, Effect, Event, Gate, NodeState, Outcome, Run, Transition};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Debug builds are slow: only one test is as large as the format allows.
const LARGE: u32 = 200_000;
/// What a small machine gives a thread.
const STACK_BYTES: usize = 2 * 1024 * 1024;

fn refused(tasks: Vec<Task>) -> String {
    Plan::of_batch(&batch(tasks)).unwrap_err().to_string()
}

#[test]
fn a_definition_that_cannot_run_is_refused_with_the_reason() {
    let cases = [
        (vec![], "it has nothing to run"),
        (vec![task("A", &[]), task("B", &[]), task("A", &[])], "`A` is there twice"),
        (vec![task("A", &[("A", On::Success)])], "`A` comes after itself"),
        (vec![task("A", &[("X", On::End)])], "`A` comes after `X`, which does not exist"),
        (vec![task("A", &[("a", On::End)])], "`A` comes after `a`, which does not exist"),
        (
            vec![task("A", &[("B", On::Success)]), task("B", &[("A", On::Failure)])],
            "these wait for each other: B → A",
        ),
    ];
    for (tasks, want) in cases {
        assert_eq!(refused(tasks), want);
    }
}

#[test]
fn a_cycle_is_named_without_the_tasks_around_it() {
    let tasks = vec![
        task("BEFORE", &[]),
        task("A", &[("BEFORE", On::Success), ("C", On::Success)]),
        task("B", &[("A", On::Success)]),
        task("C", &[("B", On::End)]),
        task("AFTER", &[("C", On::Success)]),
    ];
    let Err(PlanError::Cycle(members)) = Plan::of_batch(&batch(tasks)) else {
        panic!("the cycle was not found")
    };
    let named: BTreeSet<&str> = members.iter().map(Code::as_str).collect();
    assert_eq!((named, members.len()), (BTreeSet::from(["A", "B", "C"]), 3));
}

#[test]
fn a_group_is_compiled_by_the_same_rules() {
    let twice = group(&[("A", &[]), ("A", &[])]);
    assert_eq!(Plan::of_group(&twice).unwrap_err().to_string(), "`A` is there twice");
    let cycle = group(&[("A", &[("B", On::Success)]), ("B", &[("A", On::Success)])]);
    assert!(matches!(Plan::of_group(&cycle), Err(PlanError::Cycle(_))));
    assert!(Plan::of_group(&group(&[("A", &[])])).unwrap().is_group());
}

#[test]
fn the_same_edge_twice_counts_twice_and_is_met_at_once() {
    let twice = vec![task("A", &[]), task("B", &[("A", On::Success), ("A", On::Success)])];
    let plan = Plan::of_batch(&batch(twice)).unwrap();
    assert_eq!(plan.in_count(1), 2);
    assert_eq!(plan.out_edges(0), [OutEdge { to: 1, on: On::Success }; 2]);
    let mut run = Run::new(&plan, &Choices::default(), Gate::Open);
    run_to_the_end(&plan, &mut run, 2);
}

#[test]
fn delays_double_up_to_the_maximum_and_never_overflow() {
    let delays = |backoff_ms, max_backoff_ms| {
        let retries = Retries { max: 9, backoff_ms, max_backoff_ms };
        let plan = Plan::of_batch(&batch(vec![Task { retries, ..task("A", &[]) }])).unwrap();
        [1, 2, 3, 4, 64, 65, u32::MAX].map(|attempt| plan.policy(0).delay_ms(attempt))
    };
    let day = BACKOFF_MAX_MS;
    assert_eq!(delays(10, Some(35)), [10, 20, 35, 35, 35, 35, 35]);
    assert_eq!(delays(10, None), [10, 20, 40, 80, day, day, day]);
    assert_eq!(delays(0, None), [0; 7]);
    assert_eq!(delays(u64::MAX, None), [day; 7]);
    assert_eq!(delays(5, Some(u64::MAX)), [5, 10, 20, 40, day, day, day]);
    assert_eq!(delays(5, Some(0)), [0; 7]);
}

proptest! {
    #![proptest_config(many_cases())]

    /// The compressed rows hold exactly the edges that the definition names.
    #[test]
    fn a_plan_has_the_edges_of_its_definition(batch in batches(12)) {
        let plan = Plan::of_batch(&batch).unwrap();
        let code = |node: u32| batch.tasks.code(node).unwrap();
        let tasks: Vec<Task> = batch.tasks.iter().collect();
        let mut wanted: Vec<(&str, On, &str)> = Vec::new();
        for task in &tasks {
            wanted.extend(task.after.iter().map(|edge| (edge.task.as_str(), edge.on, task.code.as_str())));
        }
        let mut got: Vec<(&str, On, &str)> = Vec::new();
        for (node, task) in (0_u32..).zip(&tasks) {
            got.extend(plan.out_edges(node).iter().map(|edge| (code(node), edge.on, code(edge.to))));
            prop_assert_eq!(plan.in_count(node) as usize, task.after.len());
            prop_assert_eq!(plan.find(task.code.as_str(), code), Some(node));
            prop_assert_eq!(plan.policy(node).max_retries, task.retries.max);
            prop_assert_eq!(plan.policy(node).timeout_ms, task.timeout_ms);
            prop_assert_eq!(plan.policy(node).retry_if_lost, task.on_lost == OnLost::Retry);
        }
        wanted.sort_unstable();
        got.sort_unstable();
        prop_assert_eq!(got, wanted);
        prop_assert_eq!(plan.find("NONE", code), None);
        prop_assert_eq!(plan.out_edges(plan.len()), &[]);
    }

    /// One more edge, from a task to one it comes after, closes a cycle.
    #[test]
    fn an_edge_backwards_is_refused(batch in batches(8), pick in any::<u8>()) {
        let mut batch = batch;
        let with_edges: Vec<(String, String)> = batch.tasks.iter()
            .flat_map(|task| task.after.iter().map(|edge| (edge.task.to_string(), task.code.to_string())).collect::<Vec<_>>())
            .collect();
        prop_assume!(!with_edges.is_empty());
        let (before, after) = &with_edges[usize::from(pick) % with_edges.len()];
        let mut tasks: Vec<Task> = batch.tasks.iter().collect();
        let first = tasks.iter_mut().find(|task| task.code.as_str() == before).unwrap();
        first.after.push(crate::build::edge(after, On::End));
        batch.tasks = tasks.into_iter().collect();
        prop_assert!(matches!(Plan::of_batch(&batch), Err(PlanError::Cycle(_))));
    }
}

#[test]
fn a_failure_at_the_head_of_a_long_chain_makes_the_rest_unreachable_without_recursion() {
    on_a_small_stack(|| {
        let mut tasks: Vec<Task> = (0..LARGE).map(link).collect();
        tasks.push(task("LAST", &[(&format!("T{}", LARGE - 1), On::End)]));
        let plan = Plan::of_batch(&batch(tasks)).unwrap();
        let mut run = Run::new(&plan, &Choices::default(), Gate::Open);
        let mut out = Transition::default();
        run.step(&plan, Event::Start, Timestamp(0), &mut out).unwrap();
        let failed = Event::Ended { node: 0, epoch: 1, outcome: Outcome::Failed };
        run.step(&plan, failed, Timestamp(0), &mut out).unwrap();
        assert_eq!(run.state(LARGE), NodeState::Running, "its `end` edge fired");
        assert_eq!(run.shown(LARGE - 1), Status::NotStarted);
        run.step(&plan, Event::Interrupt, Timestamp(0), &mut out).unwrap();
        run.step(&plan, Event::Restart { members: &[] }, Timestamp(0), &mut out).unwrap();
        assert_eq!(run.state(0), NodeState::Running);
    });
}

#[test]
fn a_wide_fan_runs_to_its_end() {
    on_a_small_stack(|| {
        let middle = (1..LARGE - 1).map(|at| task(&format!("T{at}"), &[("T0", On::Success)]));
        let names: Vec<String> = (1..LARGE - 1).map(|at| format!("T{at}")).collect();
        let all: Vec<(&str, On)> = names.iter().map(|name| (name.as_str(), On::Success)).collect();
        let tasks = [task("T0", &[])].into_iter().chain(middle).chain([task("LAST", &all)]);
        let plan = Plan::of_batch(&batch(tasks.collect())).unwrap();
        let mut run = Run::new(&plan, &Choices::default(), Gate::Open);
        run_to_the_end(&plan, &mut run, LARGE);
    });
}

#[test]
fn a_chain_as_long_as_the_limit_runs_to_its_end_and_one_more_task_is_refused() {
    on_a_small_stack(|| {
        let most = u32::try_from(NODES_MAX).unwrap();
        let mut chain = batch((0..most).map(link).collect());
        let plan = Plan::of_batch(&chain).unwrap();
        chain.tasks.extend([task("ONE_MORE", &[])]);
        assert_eq!(Plan::of_batch(&chain), Err(PlanError::TooLarge));
        drop(chain);
        let mut run = Run::new(&plan, &Choices::default(), Gate::Open);
        run_to_the_end(&plan, &mut run, most);
    });
}

fn link(at: u32) -> Task {
    match at.checked_sub(1) {
        Some(before) => task(&format!("T{at}"), &[(&format!("T{before}"), On::Success)]),
        None => task("T0", &[]),
    }
}

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap();
    thread.join().unwrap();
}

/// Lets every attempt succeed; `want` of them are made.
fn run_to_the_end(plan: &Plan, run: &mut Run, want: u32) {
    let mut out = Transition::default();
    let mut started = Vec::new();
    let mut count = 0;
    run.step(plan, Event::Start, Timestamp(0), &mut out).unwrap();
    loop {
        for effect in &out.effects {
            if let Effect::Dispatch { node, epoch, .. } = effect {
                started.push((*node, *epoch));
            }
        }
        let Some((node, epoch)) = started.pop() else { break };
        count += 1;
        let succeeded = Event::Ended { node, epoch, outcome: Outcome::Succeeded };
        run.step(plan, succeeded, Timestamp(0), &mut out).unwrap();
    }
    assert_eq!((count, run.status(), run.ended()), (want, Status::Successful, true));
}

#[test]
fn a_batch_without_tasks_does_not_compile() {
    let empty: Batch = batch(vec![]);
    assert_eq!(Plan::of_batch(&empty), Err(PlanError::Empty));
}
