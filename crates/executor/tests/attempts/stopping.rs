use crate::harness::{Place, attempt, marker, processes_with, read_gate, script};
use dayend_executor::port::{Executor, Outcome};
use rustix::process::{Pid, Signal};
use std::time::Duration;

#[tokio::test]
async fn a_stopped_command_ends_by_term_or_by_kill_and_leaves_nothing() {
    #[rustfmt::skip]
    let cases = [
        ("trap 'echo bye; exit 0' TERM; echo ready >$DAYEND_WORK/ready; while :; do sleep MARK & wait; done", 60_000, "bye (stopped, exit code 0)"),
        ("echo ready >$DAYEND_WORK/ready; sleep MARK; :", 60_000, "stopped, killed by signal 15"),
        ("trap '' TERM; echo ready >$DAYEND_WORK/ready; while :; do sleep MARK; done", 100, "stopped, killed by signal 9"),
        ("setsid sh -c 'trap \"\" TERM HUP; sleep MARK; :' & trap '' TERM; echo ready >$DAYEND_WORK/ready; while :; do sleep MARK; done", 100, "stopped, killed by signal 9"),
        ("echo ready >$DAYEND_WORK/ready; kill -STOP $$; sleep MARK; :", 60_000, "stopped, killed by signal 15"),
    ];
    for (text, grace_ms, want) in cases {
        let place = Place::new();
        let ready = place.gate("ready");
        let mut node =
            place.node_with(|settings| settings.command.grace = Duration::from_millis(grace_ms));
        let attempt = attempt(script(&text.replace("MARK", &marker())));
        let id = attempt.id;
        node.executors.start(attempt);
        read_gate(&ready).await;
        node.executors.stop(id);
        node.executors.stop(id);
        assert_eq!(node.end_of(id).await, (Outcome::Failed, want.to_owned()), "{text}");
        assert_eq!(processes_with(&marker()), 0, "{text}");
    }
}

#[tokio::test]
async fn processes_that_are_born_all_the_time_are_ended_too() {
    let place = Place::new();
    let ready = place.gate("ready");
    let mut node = place.node_with(|settings| settings.command.grace = Duration::from_millis(50));
    let text = "trap '' TERM; echo ready >$DAYEND_WORK/ready; \
                while :; do setsid sh -c 'trap \"\" TERM; while :; do sleep MARK; done' & sleep 0.01; done";
    let attempt = attempt(script(&text.replace("MARK", &marker())));
    let id = attempt.id;
    node.executors.start(attempt);
    read_gate(&ready).await;
    node.executors.stop(id);
    assert_eq!(node.end_of(id).await, (Outcome::Failed, "stopped, killed by signal 9".to_owned()));
    assert_eq!(processes_with(&marker()), 0);
}

#[tokio::test]
async fn a_command_dies_with_its_shim_and_is_lost() {
    let place = Place::new();
    let ready = place.gate("ready");
    let mut node = place.node();
    let attempt = attempt(script(
        &"echo $PPID >$DAYEND_WORK/ready; exec sleep MARK".replace("MARK", &marker()),
    ));
    let id = attempt.id;
    node.executors.start(attempt);
    let shim: i32 = read_gate(&ready).await.parse().unwrap();
    rustix::process::kill_process(Pid::from_raw(shim).unwrap(), Signal::KILL).unwrap();
    let (outcome, message) = node.end_of(id).await;
    assert_eq!(outcome, Outcome::Lost);
    assert!(message.contains("without an outcome") && message.contains("signal: 9"), "{message}");
    // The kernel kills the command when its parent is gone, which may take it a moment.
    while processes_with(&marker()) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_terminated_shim_stops_its_command_in_order() {
    let place = Place::new();
    let ready = place.gate("ready");
    let mut node = place.node();
    let attempt = attempt(script(
        &"echo $PPID >$DAYEND_WORK/ready; exec sleep MARK".replace("MARK", &marker()),
    ));
    let id = attempt.id;
    node.executors.start(attempt);
    let shim: i32 = read_gate(&ready).await.parse().unwrap();
    rustix::process::kill_process(Pid::from_raw(shim).unwrap(), Signal::TERM).unwrap();
    assert_eq!(node.end_of(id).await, (Outcome::Failed, "stopped, killed by signal 15".to_owned()));
}
