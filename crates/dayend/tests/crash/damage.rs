//! One flipped bit in the file is noticed.

use crate::bank::{Bank, status};
use crate::outside::chance::Chance;
use crate::server_support::run;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

const PLACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crash/places.py");
const TABLES: [&str; 10] = [
    "history",
    "run_nodes",
    "runs",
    "run_states",
    "definitions",
    "claims",
    "scopes",
    "users",
    "apps",
    "grants",
];
/// Which server wrote a row last is no part of a run's history.
const NOT_CHECKED: [&str; 2] = ["run_nodes.owner_epoch", "run_states.owner_epoch"];
/// How many bits are flipped in each column of each table, one at a time; `DAYEND_CRASH_FLIPS` asks for more.
const FLIPS: usize = 1;
const NIGHT: &str = r#"{"batchName": "EOD", "batchType": "group", "$FICMISDATE$": "2026-10-30"}"#;

/// Bytes of one value in the file.
struct Place {
    offset: usize,
    length: usize,
}

#[test]
fn one_flipped_bit_in_a_row_is_found_by_audit_verify() {
    let mut chance = Chance::new();
    let bank = Bank::new();
    let open = bank.open();
    open.apply_night("2026-10-30");
    let night = open.call("trigger", "order-1", NIGHT);
    assert_eq!(status(&open.ended(&night)), "FAILED");
    bank.repair("2026-10-30");
    open.restart("order-1-again", &night);
    assert_eq!(status(&open.ended(&night)), "SUCCESSFUL");
    assert_eq!(open.server.terminate(), 0);
    bank.assert_intact();

    let file = bank.database();
    let good = fs::read(&file).unwrap();
    let flips = std::env::var("DAYEND_CRASH_FLIPS").map_or(FLIPS, |told| told.parse().unwrap());
    let mut unnoticed = Vec::new();
    for (column, places) in places(&bank) {
        for _ in 0..flips {
            let place = chance.pick(&places);
            let (at, bit) = (place.offset + chance.index(place.length), chance.below(8));
            let mut damaged = good.clone();
            damaged[at] ^= 1 << bit;
            fs::write(&file, damaged).unwrap();
            let said = run(&["audit", "verify", "--data", bank.home.text()]);
            if said.code != 1 || said.stdout.is_empty() {
                let (code, text) = (said.code, said.stderr);
                unnoticed.push(format!("{column} (bit {bit} of byte {at}): exit {code} {text}"));
            }
        }
    }
    fs::write(&file, good).unwrap();
    bank.assert_intact();
    assert!(unnoticed.is_empty(), "not told as a defect:\n{}", unnoticed.join("\n"));
}

/// By table and column.
fn places(bank: &Bank) -> BTreeMap<String, Vec<Place>> {
    let mut python = Command::new("python3");
    let output = python.arg(PLACES).arg(bank.database()).args(TABLES).output();
    let output = output.expect("python3 is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut places: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [table, column, offset, length] = fields.as_slice() else { panic!("{line}") };
        if NOT_CHECKED.contains(&format!("{table}.{column}").as_str()) {
            continue;
        }
        let place = Place { offset: offset.parse().unwrap(), length: length.parse().unwrap() };
        places.entry(format!("{table}.{column}")).or_default().push(place);
    }
    for table in TABLES {
        let found = places.keys().any(|column| column.starts_with(&format!("{table}.")));
        assert!(found, "no row of {table} was found in the file");
    }
    places
}
