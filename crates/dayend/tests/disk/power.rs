//! The power fails: of what the server wrote, only what it flushed is on disk for certain.

use crate::bank::facts::Journal;
use crate::bank::round::Round;
use crate::bank::{Bank, Open, status};
use crate::calls::{Call, read, recording};
use crate::image::{Disk, Luck};
use crate::outside::chance::Chance;
use crate::outside::curl::shell;
use crate::outside::telling::tell;
use crate::server_support::{Home, run};
use std::fs;
use std::path::PathBuf;

/// At how many moments the power fails; `DAYEND_CRASH_OUTAGES` asks for more.
const OUTAGES: usize = 6;
const AFTERWARDS: &str = r#"{"batchName": "LAST", "batchType": "rest"}"#;

/// A round of everything, with each call that the server and its tasks made.
struct Record {
    bank: Bank,
    before: PathBuf,
    calls: Vec<Call>,
    journal: Journal,
    /// The trace's length when the server was ready.
    ready: u64,
}

#[test]
fn what_was_accepted_is_there_after_the_power_failed() {
    let mut chance = Chance::new();
    let record = Record::make(&[]);
    let outages =
        std::env::var("DAYEND_CRASH_OUTAGES").map_or(OUTAGES, |told| told.parse().unwrap());
    for outage in 0..outages {
        let moment = record.moment(&mut chance);
        let luck = if outage % 2 == 0 { Luck::Nothing } else { Luck::Some };
        tell(&format!("the power fails when the trace is {moment} long, luck: {luck:?}"));
        let damage = record.fails(moment, luck, &mut chance);
        assert_eq!(damage, Vec::<String>::new());
    }
}

/// Else the test above would say nothing.
#[test]
fn a_server_that_does_not_flush_is_found_out() {
    let mut chance = Chance::new();
    let record = Record::make(&["-e", "inject=fsync,fdatasync:retval=0"]);
    let last = *record.journal.moments().last().unwrap();
    let damage = record.fails(last, Luck::Nothing, &mut chance);
    assert!(!damage.is_empty(), "nothing was flushed, and nothing is missing");
    tell(&damage.join("\n"));
}

impl Record {
    fn make(more: &[&str]) -> Self {
        let bank = Bank::new();
        bank.kill_soon();
        let (before, trace) = (bank.outside("before"), bank.outside("trace"));
        shell(&format!("cp -a {} {}", bank.home.data().display(), before.display()));
        let words = recording(trace.to_str().unwrap(), more);
        let length = {
            let trace = trace.clone();
            move || fs::metadata(&trace).unwrap().len()
        };
        let journal = Journal::new(length.clone());
        let open = bank.try_open(&words).expect("the server starts");
        let ready = length();
        Round::new(&bank, 0, &journal).go_on(&open).expect("nobody kills the server");
        drop(open);
        let calls = read(&String::from_utf8(fs::read(&trace).unwrap()).unwrap());
        Self { bank, before, calls, journal, ready }
    }

    /// When somebody has just been told something, or any time.
    fn moment(&self, chance: &mut Chance) -> u64 {
        if chance.once_in(2) {
            return *chance.pick(&self.journal.moments());
        }
        let calls: Vec<u64> = self.calls.iter().map(|call| call.end).collect();
        let first = calls.iter().position(|end| *end >= self.ready).unwrap();
        *chance.pick(&calls[first..])
    }

    /// Starts a server on what is left, and gives what is lost or wrong.
    fn fails(&self, moment: u64, luck: Luck, chance: &mut Chance) -> Vec<String> {
        let left = Bank::of(Home::empty());
        Disk::after(&self.before, &self.bank.home.data(), &self.calls, moment).write(
            luck,
            chance,
            &left.home.data(),
        );
        let said = run(&["audit", "verify", "--data", left.home.text()]);
        if !said.stdout.ends_with("intact\n") {
            return vec![said.stdout + &said.stderr];
        }
        let Some(open) = left.try_open(&[]) else {
            return vec![fs::read_to_string(left.outside("log")).unwrap()];
        };
        let untrue = self.journal.untrue(&open, moment).expect("the server answers");
        if untrue.is_empty() && self.journal.is_defined(moment) {
            goes_on(&open);
        }
        assert_eq!(open.server.terminate(), 0);
        left.assert_intact();
        untrue
    }
}

fn goes_on(open: &Open<'_>) {
    let run = open.call("trigger", "afterwards", AFTERWARDS);
    assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");
}
