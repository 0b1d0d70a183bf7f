//! Documented rules of batches, as tables.

use crate::build::{batch, task};
use crate::drive::Pair;
use dayend_engine::definition::{Batch, On, OnLost, Retries, Task};
use dayend_engine::run::{Choices, Effect, Event, NodeState, Outcome, TaskVerb, Transition};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;

use NodeState::{
    Aborted, Backoff, Excluded, Failed, Held, Interrupted, Recycling, Running, Stopping,
    Successful, Waiting,
};

const SUCCEEDED: Outcome = Outcome::Succeeded;
const FAILED: Outcome = Outcome::Failed;
const LOST: Outcome = Outcome::Lost;
const VOID: Outcome = Outcome::Void;

fn started(tasks: Vec<Task>, choices: Choices) -> Pair {
    let mut pair = Pair::new(batch(tasks), choices);
    pair.step(Event::Start).unwrap();
    pair
}

fn plain(tasks: Vec<Task>) -> Pair {
    started(tasks, Choices::default())
}

fn held(nodes: impl IntoIterator<Item = u32>) -> Choices {
    Choices { held: nodes.into_iter().collect(), ..Choices::default() }
}

fn excluded(nodes: impl IntoIterator<Item = u32>) -> Choices {
    Choices { excluded: nodes.into_iter().collect(), ..Choices::default() }
}

/// `A`, then `B` on its success, then `C` on the success of `B`.
fn chain() -> Vec<Task> {
    vec![task("A", &[]), task("B", &[("A", On::Success)]), task("C", &[("B", On::Success)])]
}

impl Pair {
    /// The newest attempt of a node ends.
    fn end(&mut self, node: u32, outcome: Outcome) -> Result<Transition, &'static str> {
        let epoch = self.run.epoch(node);
        self.step(Event::Ended { node, epoch, outcome })
    }

    fn task_verb(&mut self, node: u32, verb: TaskVerb) -> Result<Transition, &'static str> {
        self.step(Event::Verb { node, verb })
    }

    fn restart(&mut self) -> Result<Transition, &'static str> {
        self.step(Event::Restart { members: &[] })
    }

    fn tick_at(&mut self, now: Timestamp) -> Transition {
        self.now = now;
        self.step(Event::Tick).unwrap()
    }
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
fn a_time_out_counts_from_when_the_attempt_really_started() {
    let slow = Task { timeout_ms: Some(100), ..task("A", &[]) };
    let mut pair = plain(vec![slow]);
    let dispatched = pair.now;
    assert_eq!(pair.run.next_wake(), None, "it may wait in a queue for long");
    pair.now = dispatched.plus_ms(10_000);
    let out = pair.step(Event::Started { node: 0, epoch: 1 }).unwrap();
    let deadline = dispatched.plus_ms(10_100);
    assert_eq!(out.effects, [Effect::WakeAt(deadline)]);
    assert_eq!(pair.tick_at(Timestamp(deadline.0 - 1)).effects, [Effect::WakeAt(deadline)]);
    assert_eq!(pair.tick_at(deadline).effects, [Effect::Stop { node: 0, epoch: 1 }]);
    assert_eq!(pair.run.state(0), Running, "until the process is gone");
    let out = pair.end(0, SUCCEEDED).unwrap();
    assert!(out.timed_out);
    assert_eq!(pair.run.state(0), Failed, "it was told to stop, so its success does not count");
}

#[test]
fn after_a_restart_of_the_server_a_time_out_counts_from_the_dispatch_until_the_start_is_told() {
    let mut pair = plain(vec![Task { timeout_ms: Some(100), ..task("A", &[]) }]);
    let dispatched = pair.now;
    pair.reload();
    assert_eq!(pair.run.next_wake(), Some(dispatched.plus_ms(100)));
    pair.now = dispatched.plus_ms(30);
    let out = pair.step(Event::Started { node: 0, epoch: 1 }).unwrap();
    assert_eq!(out.effects, [Effect::WakeAt(dispatched.plus_ms(130))]);
}

#[test]
fn a_time_out_is_a_failure_that_is_retried() {
    let retries = Retries { max: 1, backoff_ms: 50, max_backoff_ms: None };
    let mut pair = plain(vec![Task { timeout_ms: Some(100), retries, ..task("A", &[]) }]);
    for (attempt, then) in [(1, Backoff), (2, Failed)] {
        pair.step(Event::Started { node: 0, epoch: attempt }).unwrap();
        let deadline = pair.run.next_wake().unwrap();
        pair.tick_at(deadline);
        pair.end(0, FAILED).unwrap();
        assert_eq!(pair.run.state(0), then);
        if let Some(due) = pair.run.next_wake() {
            assert_eq!(due, deadline.plus_ms(50));
            let out = pair.tick_at(due);
            let again = Effect::Dispatch { node: 0, epoch: 2, attempt: 2, generation: 1 };
            assert_eq!(out.effects, [again], "same generation, so the same key");
        }
    }
}

#[test]
fn a_restart_gives_all_retries_again_in_a_new_generation() {
    let retries = Retries { max: 1, backoff_ms: 0, max_backoff_ms: None };
    let mut pair = plain(vec![Task { retries, ..task("A", &[]) }]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        for _ in 0..2 {
            seen.push((pair.run.epoch(0), pair.run.attempt(0), pair.run.node_generation(0)));
            pair.end(0, FAILED).unwrap();
            pair.step(Event::Tick).unwrap();
        }
        assert_eq!(pair.run.state(0), Failed);
        pair.restart().unwrap();
    }
    assert_eq!(seen, [(1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 2, 2)]);
}

#[test]
fn a_lost_attempt_is_aborted_or_tried_again_as_its_task_says() {
    let retries = Retries { max: 5, backoff_ms: 0, max_backoff_ms: None };
    let of = |on_lost| Task { on_lost, retries, ..task("A", &[]) };
    let mut pair = plain(vec![of(OnLost::Abort)]);
    pair.end(0, LOST).unwrap();
    assert_eq!((pair.run.state(0), pair.run.status()), (Aborted, Status::Aborted), "no retry");
    let mut pair = plain(vec![of(OnLost::Retry)]);
    let out = pair.end(0, LOST).unwrap();
    assert_eq!(out.effects, [Effect::Dispatch { node: 0, epoch: 2, attempt: 2, generation: 1 }]);
    for _ in 2..100 {
        pair.end(0, LOST).unwrap();
    }
    assert_eq!((pair.run.state(0), pair.run.attempt(0)), (Running, 100));
    pair.end(0, LOST).unwrap();
    assert_eq!(pair.run.state(0), Aborted, "attempts are bounded");
}

#[test]
fn a_time_out_whose_attempt_is_lost_is_aborted_for_nobody_knows_whether_it_ended() {
    let retries = Retries { max: 5, backoff_ms: 0, max_backoff_ms: None };
    for (on_lost, then) in [(OnLost::Abort, Aborted), (OnLost::Retry, Running)] {
        let mut pair =
            plain(vec![Task { timeout_ms: Some(100), on_lost, retries, ..task("A", &[]) }]);
        pair.step(Event::Started { node: 0, epoch: 1 }).unwrap();
        pair.tick_at(pair.run.next_wake().unwrap());
        assert!(pair.end(0, LOST).unwrap().timed_out);
        assert_eq!(pair.run.state(0), then, "{on_lost:?}");
    }
}

#[test]
fn an_attempt_that_never_started_is_made_again_and_is_no_retry() {
    let retries = Retries { max: 1, backoff_ms: 0, max_backoff_ms: None };
    let mut pair = plain(vec![Task { retries, timeout_ms: Some(100), ..task("A", &[]) }]);
    for epoch in 2..4 {
        let out = pair.end(0, VOID).unwrap();
        assert_eq!(out.effects, [Effect::Dispatch { node: 0, epoch, attempt: 1, generation: 1 }]);
        assert_eq!((pair.run.state(0), out.nodes.len()), (Running, 1));
    }
    pair.end(0, FAILED).unwrap();
    assert_eq!(pair.run.state(0), Backoff, "the retry is still there");
    let mut stopped = plain(vec![task("A", &[])]);
    stopped.step(Event::Interrupt).unwrap();
    assert_eq!(stopped.end(0, VOID).unwrap().effects, []);
    assert_eq!(stopped.run.state(0), Interrupted);
    let mut late = plain(vec![task("A", &[])]);
    late.end(0, LOST).unwrap();
    assert_eq!(late.end(0, VOID), Err("Stale"), "what was lost is a person's to decide");
}

#[test]
fn a_late_report_of_a_lost_attempt_counts_until_a_newer_one_exists() {
    let lost = || {
        let mut pair = plain(vec![task("A", &[]), task("B", &[("A", On::Success)])]);
        pair.end(0, LOST).unwrap();
        pair
    };
    let mut pair = lost();
    pair.end(0, SUCCEEDED).unwrap();
    assert_eq!(pair.states(), [Successful, Running]);
    let mut pair = lost();
    pair.end(0, FAILED).unwrap();
    assert_eq!(pair.states(), [Failed, Waiting]);
    let mut pair = lost();
    assert_eq!(pair.end(0, LOST), Err("Stale"));
    pair.restart().unwrap();
    let late = Event::Ended { node: 0, epoch: 1, outcome: SUCCEEDED };
    assert_eq!(pair.step(late), Err("Stale"));
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
fn a_task_that_was_never_attempted_has_no_attempt_to_report() {
    let mut pair = plain(chain());
    for epoch in [0, 1] {
        for outcome in [SUCCEEDED, FAILED, LOST] {
            assert_eq!(pair.step(Event::Ended { node: 1, epoch, outcome }), Err("Stale"));
        }
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
