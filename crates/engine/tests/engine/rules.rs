//! Documented rules of batches, as tables.

use crate::build::{batch, task};
use crate::drive::{FAILED, LOST, Pair, SUCCEEDED, chain, plain, started};
use dayend_engine::definition::{Batch, On, Task};
use dayend_engine::run::{Choices, Effect, Event, NodeState, TaskVerb};
use dayend_engine::status::Status;

use NodeState::{
    Aborted, Backoff, Excluded, Failed, Held, Interrupted, Recycling, Running, Stopping,
    Successful, Waiting,
};

fn held(nodes: impl IntoIterator<Item = u32>) -> Choices {
    Choices { held: nodes.into_iter().collect(), ..Choices::default() }
}

fn excluded(nodes: impl IntoIterator<Item = u32>) -> Choices {
    Choices { excluded: nodes.into_iter().collect(), ..Choices::default() }
}

/// Brings task `A` (node 0) of a started run into a settled state.
fn bring(pair: &mut Pair, state: NodeState) {
    match state {
        Excluded => {}
        Successful => _ = pair.end(0, SUCCEEDED).unwrap(),
        Failed => _ = pair.end(0, FAILED).unwrap(),
        Aborted => _ = pair.end(0, LOST).unwrap(),
        Waiting | Held | Running | Stopping | Recycling | Backoff | Interrupted => {
            panic!("{state:?} is not for this table")
        }
    }
    assert_eq!(pair.run.state(0), state);
}

#[test]
fn an_edge_is_met_by_the_settled_states_it_names() {
    #[rustfmt::skip]
    let cases = [
        // state of A     success  failure  end
        (Successful,     [true,    false,   true]),
        (Excluded,       [true,    false,   true]),
        (Failed,         [false,   true,    true]),
        (Aborted,        [false,   true,    true]),
    ];
    for (state, wanted) in cases {
        for (on, want) in [On::Success, On::Failure, On::End].into_iter().zip(wanted) {
            let choices = excluded((state == Excluded).then_some(0));
            // The third task keeps the run going.
            let tasks = vec![task("A", &[]), task("B", &[("A", on)]), task("C", &[])];
            let mut pair = started(tasks, choices);
            bring(&mut pair, state);
            let next = if want { Running } else { Waiting };
            assert_eq!(pair.run.state(1), next, "{state:?} {on:?}");
        }
    }
}

#[test]
fn an_interrupted_task_meets_no_edge_until_the_restart() {
    for on in [On::Success, On::Failure, On::End] {
        let mut pair = plain(vec![task("A", &[]), task("B", &[("A", on)])]);
        pair.step(Event::Interrupt).unwrap();
        pair.end(0, SUCCEEDED).unwrap();
        assert_eq!(pair.states(), [Interrupted, Interrupted], "{on:?}");
        assert_eq!(pair.run.status(), Status::Interrupted);
    }
}

#[test]
fn of_an_unreachable_task_only_the_end_edges_fire() {
    let mut pair = plain(vec![
        task("A", &[]),
        task("B", &[("A", On::Success)]),
        task("AFTER_SUCCESS", &[("B", On::Success)]),
        task("AFTER_FAILURE", &[("B", On::Failure)]),
        task("AFTER_END", &[("B", On::End)]),
    ]);
    pair.end(0, FAILED).unwrap();
    assert_eq!(pair.states(), [Failed, Waiting, Waiting, Waiting, Running]);
    pair.end(4, SUCCEEDED).unwrap();
    assert_eq!((pair.run.status(), pair.run.ended()), (Status::Failed, true));
}

#[test]
fn the_roll_up_ignores_what_can_never_start() {
    let mut pair = started(
        vec![
            task("A", &[]),
            task("ON_FAILURE", &[("A", On::Failure)]),
            task("C", &[("ON_FAILURE", On::Success)]),
        ],
        held([2]),
    );
    assert_eq!(pair.run.shown(2), Status::Held);
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.run.shown(2), Status::NotStarted, "a hold of what cannot start is not shown");
    assert_eq!((pair.run.status(), pair.run.ended()), (Status::Successful, true));
    assert_eq!(pair.restart(), Err("NothingToReopen"));
    assert_eq!(pair.step(Event::Interrupt), Err("RunEnded"));
}

#[test]
fn a_held_task_stops_its_successors_and_the_run_is_held() {
    let mut pair = started(chain(), held([1]));
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.states(), [Successful, Held, Waiting]);
    assert_eq!((pair.run.status(), pair.run.ended()), (Status::Held, false));
    pair.task_verb(1, TaskVerb::Release).unwrap();
    assert_eq!(pair.states(), [Successful, Running, Waiting]);
}

#[test]
fn a_failed_run_with_a_held_task_is_not_ended() {
    let tasks = || vec![task("A", &[]), task("B", &[])];
    let failed = || {
        let mut pair = started(tasks(), held([1]));
        pair.end(0, FAILED).unwrap();
        assert_eq!((pair.run.status(), pair.run.ended()), (Status::Failed, false));
        pair
    };
    let mut pair = failed();
    pair.task_verb(1, TaskVerb::Release).unwrap();
    assert_eq!(pair.states(), [Failed, Running]);
    let mut pair = failed();
    pair.restart().unwrap();
    assert_eq!(pair.states(), [Running, Running], "a restart releases holds");
    let mut pair = failed();
    pair.step(Event::Interrupt).unwrap();
    assert_eq!(pair.states(), [Failed, Interrupted]);
    assert_eq!((pair.run.status(), pair.run.ended()), (Status::Interrupted, true));
}

#[test]
fn a_failed_branch_is_restarted_while_another_still_runs() {
    let mut pair =
        plain(vec![task("A", &[]), task("B", &[("A", On::Success)]), task("OTHER", &[])]);
    pair.end(0, FAILED).unwrap();
    assert_eq!(pair.run.status(), Status::OnGoing, "a failed branch does not stop the others");
    let out = pair.restart().unwrap();
    assert_eq!(out.effects, [Effect::Dispatch { node: 0, epoch: 2, attempt: 1, generation: 2 }]);
    assert_eq!((pair.run.epoch(2), pair.run.node_generation(2)), (1, 1), "what runs goes on");
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.states(), [Successful, Running, Running]);
}

#[test]
fn a_run_that_is_restarted_before_its_process_is_gone_waits_for_that() {
    let mut pair = plain(chain());
    pair.step(Event::Interrupt).unwrap();
    assert_eq!(pair.states(), [Stopping, Interrupted, Interrupted]);
    assert_eq!(pair.run.status(), Status::OnGoing);
    pair.restart().unwrap();
    assert_eq!(pair.states(), [Recycling, Waiting, Waiting]);
    let out = pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.states(), [Running, Waiting, Waiting], "its success was an interrupted one's");
    assert_eq!(out.effects, [Effect::Dispatch { node: 0, epoch: 2, attempt: 1, generation: 2 }]);
    let mut again = plain(chain());
    again.step(Event::Interrupt).unwrap();
    again.restart().unwrap();
    let out = again.step(Event::Interrupt).unwrap();
    assert_eq!(again.states(), [Stopping, Interrupted, Interrupted]);
    assert_eq!(out.effects, [Effect::Stop { node: 0, epoch: 1 }]);
}

#[test]
fn a_second_interrupt_is_refused_until_a_restart_and_one_of_an_ended_run_always() {
    let mut pair = plain(chain());
    pair.step(Event::Interrupt).unwrap();
    assert_eq!(pair.step(Event::Interrupt), Err("AlreadyInterrupted"));
    pair.end(0, FAILED).unwrap();
    assert!(pair.run.ended());
    assert_eq!(pair.step(Event::Interrupt), Err("AlreadyInterrupted"), "until a restart");
    pair.restart().unwrap();
    pair.step(Event::Interrupt).unwrap();
    let mut pair = plain(vec![task("A", &[])]);
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.step(Event::Interrupt), Err("RunEnded"));
}

#[test]
fn excluded_wins_over_held_and_held_over_included() {
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str], [NodeState; 4]);
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let find = |code: &str| ["A", "B", "C", "D"].iter().position(|one| *one == code);
    let find = |code: &str| find(code).and_then(|at| u32::try_from(at).ok());
    #[rustfmt::skip]
    let cases: [Case<'_>; 7] = [
        // excluded      held         included        A, B, C, D
        (&[],            &[],         &[],            [Waiting, Waiting, Waiting, Waiting]),
        (&["A"],         &["A", "B"], &["A", "B"],    [Excluded, Held, Excluded, Excluded]),
        (&["A"],         &["A"],      &[],            [Excluded, Waiting, Waiting, Waiting]),
        (&[],            &["B"],      &["B", "C"],    [Excluded, Held, Waiting, Excluded]),
        (&[],            &["D"],      &["A"],         [Waiting, Excluded, Excluded, Held]),
        (&["C"],         &[],         &["C"],         [Excluded, Excluded, Excluded, Excluded]),
        (&["A", "A"],    &[],         &[],            [Excluded, Waiting, Waiting, Waiting]),
    ];
    for (excluded, held, included, want) in cases {
        let choices =
            Choices::resolve(&codes(excluded), &codes(held), &codes(included), find).unwrap();
        let got = [0, 1, 2, 3].map(|node| choices.initial(node));
        assert_eq!(got, want, "{excluded:?} {held:?} {included:?}");
    }
}

#[test]
fn a_list_that_names_an_unknown_code_is_refused_with_all_of_them() {
    let find = |code: &str| (code == "A").then_some(0);
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let bad = codes(&["A", "X", "a", ""]);
    let refused = |result: Result<Choices, dayend_engine::run::UnknownCodes>| {
        let unknown = result.unwrap_err();
        (unknown.list, unknown.codes)
    };
    let want = codes(&["X", "a", ""]);
    let none: Vec<String> = Vec::new();
    assert_eq!(
        refused(Choices::resolve(&bad, &none, &none, find)),
        ("excludedTasks", want.clone())
    );
    assert_eq!(refused(Choices::resolve(&none, &bad, &none, find)), ("heldTasks", want.clone()));
    assert_eq!(refused(Choices::resolve(&none, &none, &bad, find)), ("includedTasks", want));
}

#[test]
fn a_run_with_nothing_left_to_run_is_not_started() {
    let on_failure = || vec![task("A", &[]), task("B", &[("A", On::Failure)])];
    let cases: [(&str, Vec<Task>, Choices, bool); 5] = [
        ("all are excluded", chain(), excluded([0, 1, 2]), false),
        ("what is left can never start", on_failure(), excluded([0]), false),
        (
            "a held task can be released",
            chain(),
            Choices { held: [2].into(), ..excluded([0, 1]) },
            true,
        ),
        (
            "a held one that can never start cannot",
            on_failure(),
            Choices { held: [1].into(), ..excluded([0]) },
            false,
        ),
        ("one task is left", chain(), excluded([0, 1]), true),
    ];
    for (name, tasks, choices, starts) in cases {
        let got = Pair::new(batch(tasks), choices).step(Event::Start).map(|_| ());
        let want = if starts { Ok(()) } else { Err("NothingToRun") };
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn a_restart_with_nothing_to_reopen_is_refused() {
    let mut pair = plain(chain());
    assert_eq!(pair.restart(), Err("NothingToReopen"), "it runs");
    for node in 0..3 {
        pair.end(node, SUCCEEDED).unwrap();
    }
    assert_eq!(pair.restart(), Err("NothingToReopen"), "it was successful");
    let mut pair = started(chain(), excluded([0, 2]));
    pair.end(1, SUCCEEDED).unwrap();
    assert_eq!(pair.restart(), Err("NothingToReopen"), "EXCLUDED stays");
}

#[test]
fn a_task_that_is_set_to_ok_wakes_its_successors() {
    let mut pair = plain(chain());
    pair.end(0, FAILED).unwrap();
    assert!(pair.run.ended());
    let out = pair.task_verb(0, TaskVerb::ForceOk).unwrap();
    assert_eq!(pair.states(), [Successful, Running, Waiting]);
    assert_eq!(out.effects, [Effect::Dispatch { node: 1, epoch: 1, attempt: 1, generation: 1 }]);
    let forced = out.nodes.iter().find(|record| record.node == 0).unwrap();
    assert_eq!(forced.ended_at, Some(pair.now), "the person settled it now");
    assert!(!pair.run.ended());
}

#[test]
fn forcing_a_task_of_an_interrupted_run_starts_nothing_and_a_restart_finds_what_follows() {
    let mut pair = plain(vec![task("A", &[]), task("B", &[("A", On::Success)]), task("C", &[])]);
    pair.end(0, FAILED).unwrap();
    pair.step(Event::Interrupt).unwrap();
    pair.end(2, SUCCEEDED).unwrap();
    assert_eq!(pair.states(), [Failed, Waiting, Interrupted]);
    pair.task_verb(0, TaskVerb::ForceOk).unwrap();
    pair.task_verb(2, TaskVerb::ForceOk).unwrap();
    assert_eq!(pair.states(), [Successful, Interrupted, Successful]);
    assert_eq!((pair.run.status(), pair.run.ended()), (Status::Interrupted, true));
    pair.restart().unwrap();
    assert_eq!(pair.states(), [Successful, Running, Successful]);
}

#[test]
fn excluding_and_including_wake_and_stop_the_successors() {
    let mut pair = started(chain(), held([1]));
    pair.end(0, SUCCEEDED).unwrap();
    pair.task_verb(1, TaskVerb::Exclude).unwrap();
    assert_eq!(pair.states(), [Successful, Excluded, Running]);
    assert_eq!(pair.task_verb(2, TaskVerb::Exclude), Err("WrongState"));
    pair.task_verb(1, TaskVerb::Include).unwrap();
    assert_eq!(pair.states(), [Successful, Running, Running]);
}

#[test]
fn a_task_of_a_wrong_number_is_refused_by_every_event() {
    let mut pair = plain(chain());
    for node in [3, u32::MAX] {
        assert_eq!(pair.task_verb(node, TaskVerb::Hold), Err("NoSuchNode"));
        assert_eq!(pair.step(Event::Started { node, epoch: 0 }), Err("Stale"));
        assert_eq!(pair.end(node, SUCCEEDED), Err("Stale"));
        let member = Event::Member { node, status: Status::OnGoing, ended: false };
        assert_eq!(pair.step(member), Err("NoSuchNode"));
    }
}

#[test]
fn of_two_tasks_each_is_started_once_however_many_edges_lead_to_it() {
    let all = [("A", On::Success), ("A", On::End), ("B", On::Success), ("B", On::End)];
    let tasks: Batch = batch(vec![task("A", &[]), task("B", &[]), task("C", &all)]);
    let mut pair = Pair::new(tasks, Choices::default());
    pair.step(Event::Start).unwrap();
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.run.state(2), Waiting);
    let out = pair.end(1, SUCCEEDED).unwrap();
    assert_eq!(out.effects, [Effect::Dispatch { node: 2, epoch: 1, attempt: 1, generation: 1 }]);
}
