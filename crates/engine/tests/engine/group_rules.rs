//! Documented rules of groups.

use crate::build::{batch, group, task};
use crate::night::Night;
use dayend_engine::definition::{Batch, On};
use dayend_engine::run::{Choices, Gate, Outcome, TaskVerb};
use dayend_engine::status::Status;

/// `A`, and `B` after it.
fn pair_of_tasks() -> Batch {
    batch(vec![task("A", &[]), task("B", &[("A", On::Success)])])
}

fn lone_task() -> Batch {
    batch(vec![task("A", &[])])
}

/// `T0`, then `T1` after it, of two tasks each.
fn chain_of_members() -> Night {
    let group = group(&[("T0", &[]), ("T1", &[("T0", On::Success)])]);
    Night::new(group, vec![pair_of_tasks(), pair_of_tasks()], Choices::default())
}

fn shown(night: &Night) -> Vec<&'static str> {
    let nodes = (0..night.size()).map(|node| night.group_run().shown(node).as_str());
    nodes.chain([night.group_run().status().as_str()]).collect()
}

#[test]
fn a_failed_member_that_goes_on_behind_a_hold_is_shown_as_it_is() {
    let mut night = Night::new(group(&[("T0", &[])]), vec![pair_of_tasks()], Choices::default());
    assert!(night.start());
    assert!(night.task_verb(0, 1, TaskVerb::Hold));
    assert!(night.ended(0, 0, 1, Outcome::Failed));
    assert_eq!(shown(&night), ["FAILED", "FAILED"]);
    assert!(night.group_run().ended());
    assert!(night.task_verb(0, 0, TaskVerb::ForceOk));
    assert_eq!(shown(&night), ["HELD", "HELD"]);
    assert!(!night.group_run().ended());
    assert!(night.task_verb(0, 1, TaskVerb::Release));
    assert!(night.ended(0, 1, 1, Outcome::Succeeded));
    assert_eq!(shown(&night), ["SUCCESSFUL", "SUCCESSFUL"]);
}

#[test]
fn a_gate_opens_when_the_members_before_have_succeeded() {
    let mut night = chain_of_members();
    assert!(night.start());
    assert_eq!(shown(&night), ["ON-GOING", "NOT-STARTED", "ON-GOING"]);
    assert_eq!(night.member_run(1).gate(), Gate::Waiting);
    assert!(night.ended(0, 0, 1, Outcome::Succeeded));
    assert!(night.ended(0, 1, 1, Outcome::Succeeded));
    assert_eq!(shown(&night), ["SUCCESSFUL", "ON-GOING", "ON-GOING"]);
    assert_eq!(night.live_attempts(), [(1, 0, 1)]);
}

#[test]
fn restarting_a_group_goes_on_where_its_members_failed() {
    let mut night = chain_of_members();
    assert!(night.start());
    assert!(night.ended(0, 0, 1, Outcome::Succeeded));
    assert!(night.ended(0, 1, 1, Outcome::Failed));
    assert_eq!(shown(&night), ["FAILED", "NOT-STARTED", "FAILED"]);
    assert!(night.group_run().ended());
    assert!(!night.interrupt());
    assert!(night.restart());
    assert_eq!(night.live_attempts(), [(0, 1, 2)]);
    assert_eq!(shown(&night), ["ON-GOING", "NOT-STARTED", "ON-GOING"]);
}

#[test]
fn an_interrupt_of_a_group_reaches_all_members_and_a_restart_brings_them_back() {
    let mut night = chain_of_members();
    assert!(night.start());
    assert!(night.interrupt());
    assert!(!night.interrupt());
    assert_eq!(shown(&night), ["ON-GOING", "INTERRUPTED", "ON-GOING"]);
    assert!(!night.group_run().ended());
    assert!(night.ended(0, 0, 1, Outcome::Failed));
    assert_eq!(shown(&night), ["INTERRUPTED", "INTERRUPTED", "INTERRUPTED"]);
    assert!(night.group_run().ended());
    assert!(night.restart());
    assert_eq!(shown(&night), ["ON-GOING", "NOT-STARTED", "ON-GOING"]);
    assert_eq!(night.live_attempts(), [(0, 0, 2)]);
}

#[test]
fn a_group_that_is_restarted_before_its_members_stopped_goes_on_once_they_have() {
    let mut night = chain_of_members();
    assert!(night.start());
    assert!(night.interrupt());
    assert!(night.restart());
    assert_eq!(night.live_attempts(), [(0, 0, 1)]);
    assert!(night.ended(0, 0, 1, Outcome::Failed));
    assert_eq!(night.live_attempts(), [(0, 0, 2)]);
}

#[test]
fn a_member_that_waits_in_an_interrupted_group_cannot_be_restarted_alone() {
    let mut night = chain_of_members();
    assert!(night.start());
    assert!(night.interrupt());
    assert!(night.ended(0, 0, 1, Outcome::Failed));
    assert!(!night.restart_member(1));
    assert!(night.restart_member(0));
    assert_eq!(shown(&night), ["ON-GOING", "INTERRUPTED", "ON-GOING"]);
}

#[test]
fn a_member_that_an_interrupted_group_could_start_again_is_interrupted_too() {
    let members: &[(&str, &[(&str, On)])] =
        &[("T0", &[]), ("T1", &[("T0", On::Success)]), ("T2", &[])];
    let lone = vec![lone_task(), lone_task(), lone_task()];
    let mut night = Night::new(group(members), lone, Choices::default());
    assert!(night.start());
    assert!(night.ended(0, 0, 1, Outcome::Failed));
    assert!(night.interrupt());
    assert!(night.ended(2, 0, 1, Outcome::Succeeded));
    assert_eq!(shown(&night), ["FAILED", "NOT-STARTED", "INTERRUPTED", "INTERRUPTED"]);
    assert!(night.verb(0, TaskVerb::ForceOk));
    assert!(night.verb(2, TaskVerb::ForceOk));
    assert_eq!(shown(&night), ["SUCCESSFUL", "INTERRUPTED", "SUCCESSFUL", "INTERRUPTED"]);
    assert!(night.restart());
    assert_eq!(night.live_attempts(), [(1, 0, 1)]);
}

#[test]
fn held_and_excluded_members_say_so_and_a_release_opens_them() {
    let members: &[(&str, &[(&str, On)])] =
        &[("T0", &[]), ("T1", &[]), ("T2", &[("T0", On::Success), ("T1", On::Success)])];
    let lone = vec![lone_task(), lone_task(), lone_task()];
    let choices = Choices { excluded: [0].into(), held: [1].into(), ..Choices::default() };
    let mut night = Night::new(group(members), lone, choices);
    assert!(night.start());
    assert_eq!(shown(&night), ["EXCLUDED", "HELD", "NOT-STARTED", "HELD"]);
    assert_eq!(night.member_run(0).status(), Status::Excluded);
    assert_eq!(night.member_run(1).status(), Status::Held);
    assert!(!night.group_run().ended());
    assert!(night.verb(1, TaskVerb::Release));
    assert_eq!(shown(&night), ["EXCLUDED", "ON-GOING", "NOT-STARTED", "ON-GOING"]);
    assert!(night.ended(1, 0, 1, Outcome::Succeeded));
    assert_eq!(shown(&night), ["EXCLUDED", "SUCCESSFUL", "ON-GOING", "ON-GOING"]);
}

#[test]
fn a_held_member_that_can_never_start_is_held_in_its_group_as_for_itself() {
    let members: &[(&str, &[(&str, On)])] =
        &[("T0", &[]), ("T1", &[("T0", On::Failure)]), ("T2", &[("T1", On::End)])];
    let lone = vec![lone_task(), lone_task(), lone_task()];
    let choices = Choices { held: [1].into(), ..Choices::default() };
    let mut night = Night::new(group(members), lone, choices);
    assert!(night.start());
    assert!(night.ended(0, 0, 1, Outcome::Succeeded));
    assert_eq!(shown(&night), ["SUCCESSFUL", "HELD", "ON-GOING", "ON-GOING"]);
    assert_eq!(night.member_run(1).status(), Status::Held);
    assert!(night.ended(2, 0, 1, Outcome::Succeeded));
    assert_eq!(shown(&night), ["SUCCESSFUL", "HELD", "SUCCESSFUL", "SUCCESSFUL"]);
    assert!(night.group_run().ended(), "it counts as settled");
}

#[test]
fn forcing_a_member_sets_its_unsuccessful_tasks_to_ok_and_wakes_what_follows() {
    let mut night = chain_of_members();
    assert!(night.start());
    assert!(night.ended(0, 0, 1, Outcome::Failed));
    assert!(night.verb(0, TaskVerb::ForceOk));
    assert_eq!(night.live_attempts(), [(0, 1, 1)]);
    assert!(night.ended(0, 1, 1, Outcome::Failed));
    assert!(night.verb(0, TaskVerb::ForceOk));
    assert_eq!(shown(&night), ["SUCCESSFUL", "ON-GOING", "ON-GOING"]);
}

#[test]
fn a_group_of_excluded_members_has_nothing_to_run() {
    let choices = Choices { excluded: [0, 1].into(), ..Choices::default() };
    let group = group(&[("T0", &[]), ("T1", &[("T0", On::Success)])]);
    let mut night = Night::new(group, vec![lone_task(), lone_task()], choices);
    assert!(!night.start());
}
