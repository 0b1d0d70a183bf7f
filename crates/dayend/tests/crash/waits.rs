//! `kill -9` while tasks wait for files, and while commands have to do with files.

use crate::bank::{Bank, Open, lines, status};
use crate::outside::gate::{Gate, in_time};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Many wait, one of them too long; a command reads what came, and leaves a report.
const WAITING: usize = 20;
const DATE: &str = "2026-10-30";
const BATCH: &str = "
apiVersion: dayend/v1
kind: Batch
code: FEED
params: { GATE: '', WITNESS: '' }
tasks:
  - code: AWAIT
    file: { name: 'in/rates-$FICMISDATE$*.csv', within: 1h, marker: 'in/$FICMISDATE$.done', min_bytes: 3 }
  - code: TOO_LATE
    file: { name: 'never.csv', by: '00:00', within: 6s }
  - code: LOAD
    command:
      argv: [/bin/sh, -ec, 'echo started >>\"$1\"; cat rates.csv >report.csv; echo total >>report.csv; cat \"$2\"', sh, '$WITNESS$', '$GATE$']
      files:
        in: [{ name: 'in/rates-$FICMISDATE$*.csv', as: rates.csv }]
        out: [{ path: report.csv, name: 'out/report-$FICMISDATE$.csv' }]
    after: [AWAIT]
";

#[test]
fn waits_go_on_over_a_killed_server_and_keep_their_end() {
    let bank = Bank::new();
    let (gate, witness) = (Gate::new(&bank.outside("."), "gate"), bank.outside("witness"));
    let open = bank.open();
    let more: Vec<String> = (0..WAITING)
        .map(|number| {
            format!("  - {{ code: W{number}, file: {{ name: 'in/{number}.csv', within: 1h }} }}\n")
        })
        .collect();
    open.apply_text(&format!("{BATCH}{}", more.concat()));
    let run = open.call("trigger", "feed", &trigger(&gate, &witness));
    open.until(&run, |run| count(run, "ON-GOING") == WAITING);
    let waits = message(&open.until(&run, |run| !message(run, "AWAIT").is_empty()), "AWAIT");
    let awaited = "waits for `in/rates-2026-10-30*.csv` and its marker `in/2026-10-30.done` until ";
    assert!(waits.starts_with(awaited), "{waits}");
    drop(open);

    // The next server hears of files at once, be they patterns, markers or too small.
    let open = bank.open();
    assert_eq!(message(&open.until(&run, |_| true), "AWAIT"), waits, "its end is what it was");
    put(&bank, &open, "in/rates-2026-10-30_0.csv", "x");
    put(&bank, &open, "in/2026-10-30.done", "");
    for number in 0..WAITING {
        put(&bank, &open, &format!("in/{number}.csv"), "x");
    }
    open.until(&run, |run| count(run, "SUCCESSFUL") == WAITING);
    put(&bank, &open, "in/rates-2026-10-30_1.csv", "USD,1.1172\n");
    open.until(&run, |run| state(run, "AWAIT") == "SUCCESSFUL");
    let written = witness.clone();
    wait_for(move || !lines(&written).is_empty());
    drop(open);

    // The command goes on without a server, and ends without one.
    gate.open();
    let attempts = bank.home.data().join("attempts");
    wait_for(move || outcomes(&attempts) == 1);
    let open = bank.open();
    let over = open.until(&run, |run| run["terminal"] == true);
    assert_eq!(status(&over), "FAILED", "{over}");
    assert_eq!(state(&over, "LOAD"), "SUCCESSFUL", "{over}");
    let late = message(&over, "TOO_LATE");
    assert!(late.starts_with("no file `never.csv` came until "), "{late}");
    assert!(late.ends_with(": there is none"), "{late}");
    assert_eq!(
        files(&over, "LOAD"),
        "in in/rates-2026-10-30_1.csv 11, out out/report-2026-10-30.csv 17"
    );
    assert_eq!(files(&over, "AWAIT"), "awaited in/rates-2026-10-30_1.csv 11");
    let report = open.try_api("files/out/report-2026-10-30.csv", "").unwrap();
    assert_eq!((report.status, report.body.as_str()), (200, "USD,1.1172\ntotal\n"));
    for task in over["tasks"].as_array().unwrap() {
        assert_eq!(task["epoch"], 1, "nothing was lost or begun again: {task}");
    }
    assert_eq!(lines(&witness), ["started"]);
    let shown = open.ask(&["status", &run]);
    let named = shown.stdout.lines().find(|line| line.contains("out/report-2026-10-30.csv"));
    assert!(
        named.is_some_and(|line| line.contains("LOAD") && line.contains(" 17 ")),
        "{}",
        shown.stdout
    );
    assert_eq!(open.server.terminate(), 0);
    bank.assert_intact();
}

fn trigger(gate: &Gate, witness: &Path) -> String {
    let (gate, witness) = (gate.text(), witness.display());
    format!(
        r#"{{"batchName": "FEED", "batchType": "rest", "dynamicParamList": {{"batchParams": {{"$FICMISDATE$": "{DATE}", "$GATE$": "{gate}", "$WITNESS$": "{witness}"}}}}}}"#
    )
}

/// Uploads a file as a person would.
fn put(bank: &Bank, open: &Open<'_>, name: &str, text: &str) {
    let file = bank.outside("upload");
    fs::write(&file, text).unwrap();
    let answer =
        open.try_api(&format!("files/{name}"), &format!("-T '{}'", file.display())).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn task<'r>(run: &'r Value, code: &str) -> &'r Value {
    run["tasks"].as_array().unwrap().iter().find(|task| task["code"] == code).unwrap()
}

fn state<'r>(run: &'r Value, code: &str) -> &'r str {
    task(run, code)["status"].as_str().unwrap()
}

fn message(run: &Value, code: &str) -> String {
    task(run, code)["message"].as_str().unwrap_or_default().to_owned()
}

fn count(run: &Value, state: &str) -> usize {
    let tasks = run["tasks"].as_array().unwrap().iter();
    tasks
        .filter(|task| task["code"].as_str().unwrap().starts_with('W') && task["status"] == state)
        .count()
}

fn files(run: &Value, code: &str) -> String {
    let files = task(run, code)["files"].as_array().unwrap().iter();
    let shown = files.map(|file| {
        assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
        format!(
            "{} {} {}",
            file["use"].as_str().unwrap(),
            file["name"].as_str().unwrap(),
            file["sizeBytes"]
        )
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// How many commands have ended.
fn outcomes(attempts: &Path) -> usize {
    let all = crate::server_support::walk(attempts);
    all.iter().filter(|path| path.ends_with("outcome.json")).count()
}

fn wait_for(wanted: impl Fn() -> bool + Send + 'static) {
    in_time("what was waited for did not come", move || {
        while !wanted() {
            std::thread::yield_now();
        }
    });
}
