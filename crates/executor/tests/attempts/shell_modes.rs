//! What a command may do to its host, and how each attempt ends all the same.

use crate::harness::{
    Node, PATIENCE, Place, argv, attempt, map, processes_with, read_gate, script,
};
use dayend_engine::definition::{CommandWork, Work};
use dayend_executor::port::{Executor, Fact, Outcome};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

/// Long enough for nobody to wait for it, and told apart from other tests and from the other rows of the table.
fn mark(row: usize) -> String {
    format!("86400.{:08}{row:02}", std::process::id())
}

/// When the attempt is told to stop: never, or when it says that it is ready.
#[derive(Clone, Copy, PartialEq)]
enum Stop {
    No,
    Yes,
}

const GRACE: Duration = Duration::from_millis(200);
const READY: &str = "echo ready >$DAYEND_WORK/ready";

#[tokio::test]
async fn every_hostile_command_ends_as_documented_and_leaves_no_process() {
    use Outcome::{Failed, Succeeded};
    use Stop::{No, Yes};
    #[rustfmt::skip]
    let modes = [
        ("a daemon, forked twice",           No,  "setsid sh -c 'setsid sh -c \"sleep MARK; :\" >/dev/null 2>&1 & exit 0' & wait; echo left", Succeeded, "left (exit code 0)"),
        ("ignores TERM",                     Yes, "trap '' TERM; READY; while :; do sleep MARK; done", Failed, "stopped, killed by signal 9"),
        ("holds the output open",            No,  "sleep MARK & echo bye", Succeeded, "bye (exit code 0)"),
        ("holds it open in its own session", No,  "setsid sleep MARK & echo bye; exit 4", Failed, "bye (exit code 4)"),
        ("binary output",                    No,  "head -c 1000000 /dev/urandom; printf '\\n\\001\\377'", Succeeded, "\\u{1}\u{fffd} (exit code 0)"),
        ("no newline",                       No,  "printf 'half a line'", Succeeded, "half a line (exit code 0)"),
        ("one endless line",                 No,  "head -c 3000000 /dev/zero | tr '\\0' x", Succeeded, "x… (exit code 0)"),
        ("removes its directory",            No,  "rm -rf \"$PWD\"; echo gone", Succeeded, "gone (exit code 0)"),
        ("removes it and goes on inside",    No,  "mkdir sub; cd sub; rm -rf \"$HOME\"; touch x; echo $?", Succeeded, "1 (exit code 0)"),
        ("leaves zombies",                   No,  "sh -c 'true & true & exec sleep MARK' >/dev/null & true & echo done", Succeeded, "done (exit code 0)"),
        ("stops itself",                     Yes, "READY; kill -STOP $$; sleep MARK", Failed, "stopped, killed by signal 15"),
        ("stops its whole group",            Yes, "sleep MARK & READY; kill -STOP 0; sleep MARK", Failed, "stopped, killed by signal 15"),
        ("closes its descriptors",           Yes, "READY; exec <&- >&- 2>&-; sleep MARK; :", Failed, "stopped, killed by signal 15"),
        ("grandchildren in sessions",        Yes, "for i in 1 2 3 4 5; do setsid sh -c 'trap \"\" TERM HUP INT; sleep MARK; :' & done; READY; sleep MARK", Failed, "stopped, killed by signal 15"),
        ("children that ignore all signals", Yes, "(trap '' TERM HUP INT QUIT; sleep MARK; :) & READY; wait", Failed, "stopped, killed by signal 15"),
        ("is born again when it is killed",  Yes, "again() { trap '' TERM; while :; do setsid sh -c 'sleep MARK; :' & sleep 0.02; done; }; READY; again", Failed, "stopped, killed by signal 9"),
        ("kills its parent's group",         No,  "kill -9 0", Failed, "killed by signal 9, SIGKILL did not come from Dayend: perhaps the system ran out of memory"),
        ("writes its own outcome",           No,  "echo '{\"succeeded\":true,\"message\":\"forged\"}' >../outcome.json; exit 7", Failed, "exit code 7"),
        ("locks and removes its files",      No,  "rm -f ../wake ../spec.json ../log; echo out; exit 3", Failed, "out (exit code 3)"),
    ];
    let rows = modes.into_iter().enumerate().map(
        |(row, (name, stop, text, outcome, message))| async move {
            let text = text.replace("MARK", &mark(row)).replace("READY", READY);
            let place = Place::new();
            let ready = place.gate("ready");
            // What ends by TERM has all the time that it needs.
            let grace = if message.ends_with("signal 9") { GRACE } else { PATIENCE };
            let mut node = place.node_with(|settings| settings.command.grace = grace);
            let attempt = attempt(script(&text));
            let id = attempt.id;
            node.executors.start(attempt);
            if stop == Yes {
                read_gate(&ready).await;
                node.executors.stop(id);
            }
            let (got, said) = node.end_of(id).await;
            assert_eq!(got, outcome, "{name}: {said}");
            if let Some((_, end)) = message.split_once('…') {
                assert!(said.starts_with("xxx") && said.ends_with(end), "{name}: {said}");
            } else {
                assert_eq!(said, message, "{name}");
            }
            assert_eq!(processes_with(&mark(row)), 0, "{name}");
        },
    );
    join_all(rows).await;
}

#[tokio::test]
async fn each_exit_code_and_each_deadly_signal_is_told() {
    let place = Place::new();
    let mut node = place.node();
    let mut wanted = BTreeMap::new();
    for code in 0..=255 {
        let outcome = if code == 0 { Outcome::Succeeded } else { Outcome::Failed };
        let message = match code {
            137 => "exit code 137, SIGKILL did not come from Dayend: perhaps the system ran out of memory".to_owned(),
            code => format!("exit code {code}"),
        };
        wanted.insert(begin(&node, &format!("exit {code}")), (outcome, message));
    }
    // All but those that are ignored, that stop and that continue.
    for signal in (1..=31).filter(|signal| ![17, 18, 19, 20, 21, 22, 23, 28].contains(signal)) {
        let message = match signal {
            9 => "killed by signal 9, SIGKILL did not come from Dayend: perhaps the system ran out of memory".to_owned(),
            signal => format!("killed by signal {signal}"),
        };
        wanted.insert(
            begin(&node, &format!("kill -{signal} $$; sleep 60")),
            (Outcome::Failed, message),
        );
    }
    while !wanted.is_empty() {
        let report = node.next().await;
        if let Fact::Ended { outcome, message } = report.fact {
            assert_eq!(wanted.remove(&report.id), Some((outcome, message)));
        }
    }
}

#[tokio::test]
async fn endless_output_is_cut_and_marked_and_takes_no_memory() {
    const KEPT: u64 = 100_000;
    let gigabytes = std::env::var("DAYEND_OUTPUT_GIB").ok().and_then(|text| text.parse().ok());
    let bytes = gigabytes.map_or(256_u64 << 20, |gigabytes: u64| gigabytes << 30);
    let place = Place::new();
    let mut node = place.node_with(|settings| settings.limits.log_bytes = KEPT);
    let text = format!("head -c {bytes} /dev/zero; echo; grep VmHWM /proc/$PPID/status");
    let attempt = attempt(script(&text));
    let id = attempt.id;
    let (outcome, message) = node.run(attempt).await;
    assert_eq!(outcome, Outcome::Succeeded, "{message}");
    let peak_kib: u64 =
        message.split_whitespace().find_map(|word| word.parse().ok()).expect("a size");
    assert!(peak_kib < 16 * 1024, "the shim took {message}");
    let log = node.log_text(id);
    assert!(log.ends_with("\n… log limit reached, output dropped\n"), "it is marked");
    assert!(log.len() < 100_100, "{} bytes are kept", log.len());
}

#[tokio::test]
async fn a_fork_bomb_ends_when_it_is_stopped() {
    let place = Place::new();
    let root = rustix::process::geteuid().is_root();
    let mut node = place.node_with(|settings| {
        settings.command.grace = GRACE;
        // Root has no such limit; others share it with all that they run.
        settings.command.user = root.then(|| "nobody".to_owned());
        settings.command.rlimits.processes = Some(if root { 150 } else { own_processes() + 150 });
    });
    let text = "bomb() { bomb & bomb & sleep MARK; }; trap '' TERM; echo ready; bomb"
        .replace("MARK", &mark(90));
    let attempt = attempt(script(&text));
    let id = attempt.id;
    node.executors.start(attempt);
    node.started(id).await;
    // Its work directory is not for that user, so it says in its log that it is under way.
    while processes_with(&mark(90)) < 50 {
        tokio::task::yield_now().await;
    }
    node.executors.stop(id);
    let (outcome, message) = node.end_of(id).await;
    assert_eq!(outcome, Outcome::Failed, "{message}");
    assert!(!message.contains("could not be killed"), "{message}");
    assert_eq!(processes_with(&mark(90)), 0);
    assert_eq!(node.run(crate::harness::attempt(argv(&["/bin/true"]))).await.0, Outcome::Succeeded);
}

#[tokio::test]
async fn a_command_that_fills_the_disk_ends_with_its_own_words_and_gives_the_room_back() {
    let place = Place::new();
    let attempts = place.root.path().join("attempts");
    std::fs::create_dir_all(&attempts).unwrap();
    // Only root can make a small disk to fill.
    let Some(_disk) = Disk::mount(&attempts) else { return };
    let mut node = place.node();
    let text = "head -c 100000000 /dev/zero >full; echo $?; yes output | head -c 1000000; exit 5";
    let (outcome, message) = node.run(attempt(script(text))).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.contains("(exit code 5, the log is incomplete: No space left"), "{message}");
    let again = node.run(attempt(script("echo fine"))).await;
    assert_eq!(again, (Outcome::Succeeded, "fine (exit code 0)".to_owned()), "its files are gone");
}

#[tokio::test]
async fn an_environment_of_100_000_letters_arrives_whole() {
    let place = Place::new();
    let mut node = place.node();
    let argv = ["/bin/sh", "-c", "echo ${#LONG}"].map(str::to_owned).to_vec();
    let env = map(&[("LONG", &"ü".repeat(50_000))]);
    let work = CommandWork { argv, env, ..CommandWork::default() };
    let (outcome, message) = node.run(attempt(Work::Command(work))).await;
    assert_eq!(outcome, Outcome::Succeeded);
    assert!(message == "100000 (exit code 0)" || message == "50000 (exit code 0)", "{message}");
}

fn begin(node: &Node, text: &str) -> dayend_engine::codes::AttemptId {
    let attempt = attempt(script(text));
    let id = attempt.id;
    node.executors.start(attempt);
    id
}

fn own_processes() -> u64 {
    let uid = rustix::process::geteuid().as_raw();
    let is_own = |entry: &std::fs::DirEntry| {
        entry.metadata().is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == uid)
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(is_own).count() as u64
}

/// A file system of one megabyte.
struct Disk<'a>(&'a std::path::Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a std::path::Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "dayend-test"]).arg(at);
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        mounted.then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
