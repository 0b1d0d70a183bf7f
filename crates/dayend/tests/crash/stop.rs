//! A command outlives its server, however that ends, and the next server finds it again.

use crate::bank::process::Process;
use crate::bank::{Bank, lines, status};
use crate::outside::curl::shell;
use crate::outside::gate::{Gate, in_time};
use rustix::process::{Pid, test_kill_process};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Less than the grace of commands, which a stop does not wait for. The two seconds of the manual are another test's.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// Attempts of a server that was killed are found again within this time, however busy the machine is.
const ADOPT_WITHIN: Duration = Duration::from_secs(40);
/// How many commands run when the server is killed; `DAYEND_CRASH_COMMANDS` asks for more.
const COMMANDS: usize = 200;

#[test]
fn sigterm_stops_in_time_and_a_running_command_goes_on_under_the_next_server() {
    outlives(|server| {
        let begun = Instant::now();
        assert_eq!(server.terminate(), 0);
        assert!(begun.elapsed() < STOP_WITHIN, "stopped only after {:?}", begun.elapsed());
    });
}

#[test]
fn a_running_command_goes_on_when_the_server_is_killed() {
    outlives(drop);
}

#[test]
fn a_command_that_ends_while_nobody_serves_is_told_by_the_next_server() {
    let bank = Bank::new();
    let (up, down) = (gate(&bank, "up"), gate(&bank, "down"));
    let open = bank.open();
    open.apply_text(&waiting(&bank, &up, std::slice::from_ref(&down)));
    let run = open.call("trigger", "once", r#"{"batchName": "WAITING", "batchType": "rest"}"#);
    let pid = pid(&up.hear());
    drop(open);
    down.open();
    in_time("the command did not end", move || gone(pid));
    let open = bank.open();
    let begun = Instant::now();
    assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");
    assert!(begun.elapsed() < ADOPT_WITHIN, "told only after {:?}", begun.elapsed());
    assert_eq!(lines(&bank.outside("witness")).len(), 1);
}

#[test]
fn many_running_commands_are_all_found_again_after_a_kill_and_none_starts_twice() {
    let bank = Bank::new();
    let up = gate(&bank, "up");
    let commands =
        std::env::var("DAYEND_CRASH_COMMANDS").map_or(COMMANDS, |told| told.parse().unwrap());
    let downs: Vec<Gate> = (0..commands).map(|task| gate(&bank, &format!("down-{task}"))).collect();
    let open = bank.open();
    open.apply_text(&waiting(&bank, &up, &downs));
    let run = open.call("trigger", "once", r#"{"batchName": "WAITING", "batchType": "rest"}"#);
    let mut heard = String::new();
    while heard.lines().count() < commands {
        heard.push_str(&up.hear());
    }
    drop(open);
    bank.assert_intact();
    let open = bank.open();
    let begun = Instant::now();
    open.until(&run, |run| {
        run["tasks"].as_array().unwrap().iter().all(|task| task["status"] == "ON-GOING")
    });
    assert!(begun.elapsed() < ADOPT_WITHIN, "found again only after {:?}", begun.elapsed());
    for down in &downs {
        down.open();
    }
    let ended = open.ended(&run);
    assert_eq!(status(&ended), "SUCCESSFUL", "{ended}");
    for task in ended["tasks"].as_array().unwrap() {
        assert_eq!((&task["attempt"], &task["epoch"]), (&1.into(), &1.into()), "{task}");
    }
    assert_eq!(lines(&bank.outside("witness")).len(), commands);
}

/// A command waits at a gate, its server ends, the next one tells how the command ends.
fn outlives(end: impl FnOnce(Process)) {
    let bank = Bank::new();
    let (up, down) = (gate(&bank, "up"), gate(&bank, "down"));
    let open = bank.open();
    open.apply_text(&waiting(&bank, &up, std::slice::from_ref(&down)));
    let run = open.call("trigger", "once", r#"{"batchName": "WAITING", "batchType": "rest"}"#);
    let pid = pid(&up.hear());
    end(open.server);
    assert!(test_kill_process(pid).is_ok(), "the command ended with its server");
    bank.assert_intact();

    let open = bank.open();
    let shown = open.until(&run, |_| true);
    assert_eq!(status(&shown), "ON-GOING", "{shown}");
    down.open();
    let ended = open.ended(&run);
    assert_eq!(status(&ended), "SUCCESSFUL", "{ended}");
    assert_eq!(ended["tasks"][0]["attempt"], 1, "it was not started again");
    assert_eq!(lines(&bank.outside("witness")).len(), 1);
}

fn gate(bank: &Bank, name: &str) -> Gate {
    Gate::new(&bank.outside(""), name)
}

/// Commands that sign the witness, say that they are there, and wait, each at its own gate.
fn waiting(bank: &Bank, up: &Gate, downs: &[Gate]) -> String {
    let mut yaml = "apiVersion: dayend/v1\nkind: Batch\ncode: WAITING\ntasks:\n".to_owned();
    for (task, down) in downs.iter().enumerate() {
        writeln!(
            yaml,
            r#"  - code: T{task}
    command: {{ argv: ["/bin/sh", "-c", 'echo "$DAYEND_TASK" >> "$1"; echo $$ > "$2"; cat "$3"', "sh", "{}", "{}", "{}"] }}"#,
            bank.outside("witness").display(),
            up.text(),
            down.text()
        )
        .unwrap();
    }
    yaml
}

fn pid(said: &str) -> Pid {
    Pid::from_raw(said.trim().parse().unwrap()).unwrap()
}

/// Blocks until the process is no more. It is nobody's child here, so it is `tail` that looks.
fn gone(pid: Pid) {
    shell(&format!("tail --pid={pid} --sleep-interval=0.01 --follow /dev/null"));
}
