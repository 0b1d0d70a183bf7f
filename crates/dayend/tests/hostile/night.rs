//! One night in which half of the tasks do their worst.

use crate::bank::{Bank, status};
use crate::endpoint;
use rustix::process::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// How many tasks of each healthy kind run beside the hostile ones, one after the other.
const HEALTHY: usize = 10;
/// What each attempt may take of the server's memory.
const MEMORY_MAX_KIB: u64 = 16 * 1024;
/// The time-out of the tasks that need one, and the grace of commands.
const TIMEOUT_S: f64 = 2.0;
const GRACE_S: f64 = 1.0;
/// The manual's second, and as much as a busy machine may add to it.
const SLACK_S: f64 = 25.0;

/// Path or script; whether only the time-out ends it; how the task ends.
type Mode = (&'static str, &'static str, bool, &'static str);

#[rustfmt::skip]
const ENDPOINTS: [Mode; 11] = [
    ("HANG",     "/hang",       true,  "FAILED"),
    ("HEADS",    "/head-drips", true,  "FAILED"),
    ("BODIES",   "/body-drips", true,  "FAILED"),
    ("INTERIM",  "/interim",    true,  "FAILED"),
    ("HUGE",     "/huge",       false, "FAILED"),
    ("CHUNKS",   "/chunks",     false, "FAILED"),
    ("HEAD",     "/head",       false, "FAILED"),
    ("GARBAGE",  "/garbage",    false, "FAILED"),
    ("SHORT",    "/short",      false, "FAILED"),
    ("CUT",      "/cut",        false, "FAILED"),
    ("REDIRECT", "/redirect",   false, "FAILED"),
];
#[rustfmt::skip]
const COMMANDS: [Mode; 9] = [
    ("NO_TERM",  "trap '' TERM; while :; do sleep MARK; done", true, "FAILED"),
    ("STOPPED",  "kill -STOP $$; sleep MARK", true, "FAILED"),
    ("REBORN",   "trap '' TERM; while :; do setsid sh -c 'sleep MARK; :' & sleep 0.05; done", true, "FAILED"),
    ("SESSIONS", "setsid sh -c 'trap \"\" TERM HUP; sleep MARK; :' & sleep MARK", true, "FAILED"),
    ("CLOSED",   "exec <&- >&- 2>&-; sleep MARK", true, "FAILED"),
    ("DAEMON",   "setsid sh -c 'setsid sleep MARK & exit 0' & wait", false, "SUCCESSFUL"),
    ("OUTPUT",   "head -c 300000000 /dev/zero", false, "SUCCESSFUL"),
    ("NO_DIR",   "rm -rf \"$PWD\"; exit 3", false, "FAILED"),
    ("KILLED",   "kill -9 $$", false, "FAILED"),
];

#[test]
fn hostile_tasks_end_as_documented_and_the_others_and_the_server_do_not_feel_them() {
    let bank = Bank::new();
    configure(&bank);
    let open = bank.open();
    let mark = format!("86401.{:08}", std::process::id());
    open.apply_text(&definitions(&endpoint::serve(), &mark));
    let before = size_kib(open.server.pid(), "VmRSS:");
    let run = open.call("trigger", "once", r#"{"batchName": "HOSTILE", "batchType": "rest"}"#);
    let ended = open.ended(&run);
    assert_eq!(status(&ended), "FAILED");
    let tasks: BTreeMap<&str, &Value> = ended["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (task["code"].as_str().unwrap(), task))
        .collect();
    for (code, _, timed, want) in ENDPOINTS.iter().chain(&COMMANDS) {
        let task = tasks[code];
        assert_eq!(task["status"], *want, "{task}");
        let limit = GRACE_S + SLACK_S + if *timed { TIMEOUT_S } else { 0.0 };
        assert!(seconds(task) <= limit, "{limit} s were enough: {task}");
        assert!(!timed || seconds(task) >= TIMEOUT_S, "its time was not out: {task}");
    }
    for number in 0..HEALTHY {
        for code in [format!("CALL_{number}"), format!("RUN_{number}")] {
            assert_eq!(tasks[code.as_str()]["status"], "SUCCESSFUL", "{}", tasks[code.as_str()]);
        }
    }
    let grown = size_kib(open.server.pid(), "VmHWM:").saturating_sub(before);
    let tasks = u64::try_from(tasks.len()).unwrap();
    assert!(grown <= tasks * MEMORY_MAX_KIB, "the server grew by {grown} KiB for {tasks} tasks");
    assert_eq!(processes_with(&mark), 0, "none is left");
    drop(open);
    bank.assert_intact();
}

fn configure(bank: &Bank) {
    let file = bank.home.data().join("dayend.toml");
    let text = fs::read_to_string(&file).unwrap();
    let told = text
        .replace("#allow = []", "allow = [\"127.0.0.1/32\"]")
        .replace("#grace_s = 10", "grace_s = 1");
    assert_ne!(told, text);
    fs::write(file, told).unwrap();
}

fn definitions(endpoint: &str, mark: &str) -> String {
    let mut yaml = "apiVersion: dayend/v1\nkind: Batch\ncode: HOSTILE\ntasks:\n".to_owned();
    let timeout = |timed: bool| if timed { format!("{TIMEOUT_S}s") } else { "1h".to_owned() };
    let mut add = |code: &str, work: &str, timeout: &str, after: Option<&str>| {
        let after = after.map_or(String::new(), |code| format!("    after: [{code}]\n"));
        write!(yaml, "  - code: {code}\n    {work}\n    timeout: {timeout}\n{after}").unwrap();
    };
    let call = |path: &str| format!("http: {{ method: POST, url: \"{endpoint}{path}\" }}");
    let run = |script: &str| {
        let script = serde_json::to_string(&script.replace("MARK", mark)).unwrap();
        format!("command: {{ argv: [\"/bin/sh\", \"-c\", {script}] }}")
    };
    for (code, path, timed, _) in ENDPOINTS {
        add(code, &call(path), &timeout(timed), None);
    }
    for (code, script, timed, _) in COMMANDS {
        add(code, &run(script), &timeout(timed), None);
    }
    for number in 0..HEALTHY {
        let before = number.checked_sub(1);
        let (last_call, last_run) =
            (before.map(|n| format!("CALL_{n}")), before.map(|n| format!("RUN_{n}")));
        add(&format!("CALL_{number}"), &call("/good"), "1h", last_call.as_deref());
        add(&format!("RUN_{number}"), &run("exit 0"), "1h", last_run.as_deref());
    }
    yaml
}

/// How long the task ran.
fn seconds(task: &Value) -> f64 {
    let at = |key: &str| -> jiff::Timestamp { task[key].as_str().unwrap().parse().unwrap() };
    at("endedAt").duration_since(at("startedAt")).as_secs_f64()
}

fn size_kib(pid: Pid, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn processes_with(mark: &str) -> usize {
    let has_mark = |line: Vec<u8>| String::from_utf8_lossy(&line).contains(mark);
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(has_mark)).count()
}
