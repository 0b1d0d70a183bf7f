//! `kill -9` at each write and at each flush of the database, one after the other, while everything is asked that can be asked.

use crate::bank::facts::Journal;
use crate::bank::round::{RUNS, Round, assert_started_once_a_generation};
use crate::bank::{Bank, lines};
use crate::outside::chance::Chance;
use crate::outside::telling::tell;
use crate::outside::tracer::{killing, watching};

/// At how many calls the server is killed; `DAYEND_CRASH_POINTS` asks for more, `all` for each one.
const POINTS: usize = 5;
/// More calls than any life of a server makes.
const CALLS_AT_MOST: usize = 20_000;

#[test]
fn a_server_killed_at_a_flush_loses_nothing_and_starts_nothing_twice() {
    killed_at("fsync");
}

#[test]
fn a_server_killed_at_a_write_loses_nothing_and_starts_nothing_twice() {
    killed_at("pwrite64");
}

/// Lives on one data directory: each is killed at another call, and the next one goes on where it was.
fn killed_at(syscall: &str) {
    let bank = Bank::new();
    bank.kill_soon();
    let (files, trace) = (bank.files(), bank.outside("trace"));
    let journal = Journal::new(|| 0);
    let mut rounds = Vec::new();
    assert!(
        live(&bank, &journal, &mut rounds, &watching(&files, syscall, &trace)),
        "who killed it?"
    );
    let calls = lines(&trace).len();
    assert!(calls > POINTS, "the trace holds {calls} calls of {syscall}");

    let mut killed = 0;
    for nth in points(calls) {
        let lived = live(&bank, &journal, &mut rounds, &killing(&files, syscall, nth, &trace));
        let step = rounds.last().map_or(0, Round::steps);
        tell(&format!("{syscall} {nth}: round {}, step {step}, lived on: {lived}", rounds.len()));
        bank.assert_intact();
        if lived {
            // A life has fewer calls than that.
            break;
        }
        killed += 1;
    }
    tell(&format!("killed at {killed} calls of {syscall}, {} rounds", rounds.len()));
    assert!(killed >= POINTS.min(calls) / 2, "killed only {killed} times");

    assert!(live(&bank, &journal, &mut rounds, &[]), "who killed it?");
    bank.assert_intact();
    assert_eq!(bank.count_runs(), rounds.len() * RUNS, "a key made more than one run, or none");
    assert_started_once_a_generation(&bank.outside("witness"));
}

/// One life of a server: it goes on with the round that was not finished, and makes a whole one. True: nobody killed it.
fn live<'a>(
    bank: &'a Bank,
    journal: &'a Journal,
    rounds: &mut Vec<Round<'a>>,
    wrapper: &[String],
) -> bool {
    let Some(open) = bank.try_open(wrapper) else { return false };
    let mut go_on = || {
        assert_eq!(journal.untrue(&open, 0)?, Vec::<String>::new(), "told once, and untrue now");
        if let Some(round) = rounds.last_mut() {
            round.go_on(&open)?;
        }
        rounds.push(Round::new(bank, rounds.len(), journal));
        rounds.last_mut()?.go_on(&open)
    };
    if go_on().is_none() {
        open.server.gone();
        return false;
    }
    open.server.terminate() == 0
}

/// Spread over a life, beginning anywhere.
fn points(calls: usize) -> Vec<usize> {
    let told = std::env::var("DAYEND_CRASH_POINTS");
    if told.as_deref() == Ok("all") {
        return (1..CALLS_AT_MOST).collect();
    }
    let count = told.map_or(POINTS, |told| told.parse().unwrap());
    let stride = (calls / count).max(1);
    let first = Chance::new().index(stride) + 1;
    (first..=calls).step_by(stride).collect()
}
