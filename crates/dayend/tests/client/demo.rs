//! `dayend demo`: the whole product in one command, checked from outside.

use crate::support::night::{cents, expected};
use crate::support::{Output, dayend};
use serde_json::Value;

#[test]
fn the_demo_fails_at_the_bad_row_repairs_it_and_comes_to_the_figures_that_anyone_can_compute() {
    let home = tempfile::tempdir().unwrap();
    let demo = dayend(home.path(), &["demo", "--json"]);
    assert_eq!(demo.code, 0, "{demo:?}");
    let night: Value = serde_json::from_str(&demo.stdout).unwrap();
    assert_eq!(night["ok"], true);
    assert_eq!((&night["status"], &night["misDate"]), (&"SUCCESSFUL".into(), &"2026-10-30".into()));

    let failures = night["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["task"], "VALIDATE_POSITIONS");
    for said in [&failures[0]["message"], &failures[0]["log"]] {
        assert!(said.as_str().unwrap().contains("12O450.75"), "{said}");
    }

    let tasks: Vec<&Value> = night["batches"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|batch| batch["tasks"].as_array().unwrap())
        .collect();
    assert_eq!(tasks.len(), 4 + 4 + 30 + 2);
    for task in tasks {
        let attempts = if task["code"] == "VALIDATE_POSITIONS" { 2 } else { 1 };
        assert_eq!(
            (&task["status"], &task["epoch"]),
            (&"SUCCESSFUL".into(), &attempts.into()),
            "{task}"
        );
    }

    let (figures, want) = (&night["figures"], expected("2026-10-30"));
    assert_eq!(figures["report"], "out/report-2026-10-30.csv");
    assert_eq!(figures["positions"], want.positions);
    assert_eq!(cents(figures["eur_value"].as_str().unwrap()), want.eur_cents);
    let lines = figures["currencies"].as_array().unwrap();
    assert_eq!(lines.len(), want.by_currency.len());
    for line in lines {
        let value = cents(line["eur_value"].as_str().unwrap());
        assert_eq!(value, want.by_currency[line["currency"].as_str().unwrap()], "{line}");
    }
}

#[test]
fn people_are_told_the_story_and_nothing_is_left_behind() {
    let home = tempfile::tempdir().unwrap();
    let demo = dayend(home.path(), &["demo", "--mis-date", "2026-01-02"]);
    assert_eq!(demo.code, 0, "{demo:?}");
    for word in [
        "https://127.0.0.1:",
        "AWAIT_POSITIONS waits for `in/positions-2026-01-02.csv` until ",
        "is delivered:          in/rates-2026-01-02.csv",
        "EOD_POSITIONS/VALIDATE_POSITIONS FAILED",
        "12O450.75",
        "is repaired",
        "REVALUE_USD",
        "TOTAL 640 positions",
    ] {
        assert!(demo.stdout.contains(word), "{word} is missing in {}", demo.stdout);
    }
    assert!(demo.last_line().ends_with(" is SUCCESSFUL"), "{}", demo.last_line());
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_date_without_rates_ends_with_the_reason_and_not_with_success() {
    let home = tempfile::tempdir().unwrap();
    let Output { code, stdout, .. } =
        dayend(home.path(), &["demo", "--mis-date", "2026-10-31", "--json"]);
    assert_eq!(code, 1);
    let night: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(night["ok"], false);
    assert!(stdout.contains("there are no rates of 2026-10-31"), "{stdout}");
}
