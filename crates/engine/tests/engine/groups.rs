//! Random groups and random events: engine and model agree after each.

use crate::batches::{outcomes, verbs};
use crate::build::{batches, groups, many_cases};
use crate::night::Night;
use dayend_engine::definition::{Batch, Group};
use dayend_engine::run::{Choices, Outcome, TaskVerb};
use dayend_engine::status::Status;
use proptest::prelude::*;

/// What may happen next. Picks are taken modulo what there is.
#[derive(Clone, Debug)]
enum Happening {
    End { pick: u8, outcome: Outcome },
    Tick,
    Interrupt,
    Restart,
    InterruptMember { pick: u8 },
    RestartMember { pick: u8 },
    Verb { node: u32, verb: TaskVerb },
    TaskVerb { pick: u8, task: u32, verb: TaskVerb },
    Reload,
}

fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        14 => (any::<u8>(), outcomes()).prop_map(|(pick, outcome)| Happening::End { pick, outcome }),
        2 => Just(Happening::Tick),
        2 => Just(Happening::Interrupt),
        3 => Just(Happening::Restart),
        2 => any::<u8>().prop_map(|pick| Happening::InterruptMember { pick }),
        4 => any::<u8>().prop_map(|pick| Happening::RestartMember { pick }),
        4 => (0..6_u32, verbs()).prop_map(|(node, verb)| Happening::Verb { node, verb }),
        4 => (any::<u8>(), 0..4_u32, verbs())
            .prop_map(|(pick, task, verb)| Happening::TaskVerb { pick, task, verb }),
        1 => Just(Happening::Reload),
    ]
}

fn happen(night: &mut Night, happening: &Happening) {
    let member = |pick: u8| u32::from(pick) % night.size();
    match *happening {
        Happening::End { pick, outcome } => {
            let attempts = night.live_attempts();
            if let Some((node, task, epoch)) =
                attempts.get(usize::from(pick) % attempts.len().max(1))
            {
                assert!(night.ended(*node, *task, *epoch, outcome));
            }
        }
        Happening::Tick => _ = night.tick(),
        Happening::Interrupt => _ = night.interrupt(),
        Happening::Restart => _ = night.restart(),
        Happening::InterruptMember { pick } => _ = night.interrupt_member(member(pick)),
        Happening::RestartMember { pick } => _ = night.restart_member(member(pick)),
        Happening::Verb { node, verb } => _ = night.verb(node, verb),
        Happening::TaskVerb { pick, task, verb } => _ = night.task_verb(member(pick), task, verb),
        Happening::Reload => night.reload(),
    }
}

/// From any state a person can bring a group to its end by restarting it.
fn bring_to_the_end(night: &mut Night) {
    for _ in 0..4 {
        night.restart();
        for _ in 0..1000 {
            if let Some((node, task, epoch)) = night.live_attempts().first().copied() {
                assert!(night.ended(node, task, epoch, Outcome::Succeeded));
            } else if !night.tick() {
                break;
            }
        }
    }
    let run = night.group_run();
    // A hold inside a member that waits is the member's own: the group's restart does not see it before it runs.
    assert!(run.ended(), "{}", run.status());
    assert!([Status::Successful, Status::Excluded].contains(&run.status()), "{}", run.status());
}

fn nights() -> impl Strategy<Value = (Group, Vec<Batch>)> {
    groups(5).prop_flat_map(|group| {
        let len = group.members.len();
        (Just(group), prop::collection::vec(batches(3), len))
    })
}

fn choices() -> impl Strategy<Value = Choices> {
    let some = || prop::collection::btree_set(0..5_u32, 0..2);
    (some(), some()).prop_map(|(excluded, held)| Choices { excluded, held, ..Choices::default() })
}

proptest! {
    #![proptest_config(many_cases())]

    /// The engine's group keeps states of its own; the model reads everything from the members every time.
    #[test]
    fn a_group_agrees_with_the_model(
        (group, batches) in nights(),
        choices in choices(),
        happenings in prop::collection::vec(happenings(), 0..50),
    ) {
        let mut night = Night::new(group, batches, choices);
        if !night.start() {
            return Ok(());
        }
        for happening in &happenings {
            happen(&mut night, happening);
        }
        bring_to_the_end(&mut night);
    }
}
