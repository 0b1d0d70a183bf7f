//! `kill -9` at any moment of the night, again and again, on one data directory.

use crate::bank::round::assert_started_once_a_generation;
use crate::bank::{Bank, Open, about, accepted, lines, status};
use crate::outside::chance::Chance;
use crate::outside::columns::columns;
use crate::outside::curl::{Answer, shell};
use crate::outside::telling::tell;
use crate::outside::witness::{assert_nothing_ran_twice, starts};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

/// How often the server is killed; `DAYEND_CRASH_KILLS` asks for more.
const KILLS: usize = 8;
/// The longest life of a server from the first call on. The night takes about as long.
const LIFE_AT_MOST: Duration = Duration::from_millis(700);
/// The tasks of the batch that runs beside the night: so many side by side, so many after each other.
const WIDTH: usize = 6;
const DEPTH: usize = 3;
/// A task takes a moment, and notes its end too.
const COUNT_AND_SAY_SO: &str = r#"i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo "$DAYEND_RUN_ID $DAYEND_TASK" >> "$1.done""#;
/// A run whose tasks vanished is restarted at most so often after the last kill.
const RESTARTS_AT_MOST: usize = 3;
const DATE: &str = "2026-10-30";
const NIGHT: &str = r#"{"batchName": "EOD", "batchType": "group", "$FICMISDATE$": "2026-10-30"}"#;
const WORK: &str = r#"{"batchName": "WORK", "batchType": "rest"}"#;

/// A call that is repeated until it is answered.
struct Wish {
    verb: &'static str,
    key: String,
    body: String,
    run: Option<String>,
}

#[test]
fn a_night_that_is_killed_again_and_again_ends_well_and_nothing_is_lost_or_done_twice() {
    let mut chance = Chance::new();
    let bank = Bank::new();
    let open = bank.open();
    open.apply_night(DATE);
    let witness = bank.outside("witness");
    open.apply_text(&columns(WIDTH, DEPTH, COUNT_AND_SAY_SO, &witness));
    drop(open);

    let kills = std::env::var("DAYEND_CRASH_KILLS").map_or(KILLS, |told| told.parse().unwrap());
    let (mut wishes, mut ready_after) = (Vec::new(), Vec::new());
    for kill in 0..kills {
        if kill % (KILLS / 2) == 0 {
            wishes.push(Wish::trigger(format!("night-{kill}"), NIGHT));
        }
        wishes.push(Wish::trigger(format!("work-{kill}"), WORK));
        if let Some(run) = interruptible(&wishes).filter(|_| chance.once_in(3)) {
            wishes.push(Wish::interrupt(format!("interrupt-{kill}"), run));
        }
        let moment = chance.moment(LIFE_AT_MOST);
        ready_after.push(live_and_die(&bank, &mut wishes, moment));
        bank.assert_intact();
    }

    let open = bank.open();
    for wish in &mut wishes {
        wish.utter(&open);
    }
    tell_times(&mut ready_after);
    let triggers = wishes.iter().filter(|wish| wish.verb == "trigger");
    let runs: Vec<String> = triggers.map(|wish| wish.run.clone().unwrap()).collect();
    let orders = wishes.iter().filter(|wish| wish.verb == "trigger").count();
    assert_eq!(runs.iter().collect::<BTreeSet<_>>().len(), orders, "a key is one run");
    for run in &runs {
        bring_to_a_good_end(&bank, &open, run);
    }
    assert_eq!(open.server.terminate(), 0);
    bank.assert_intact();
    every_command_ran_once(&bank, &runs);
}

impl Wish {
    fn trigger(key: String, body: &str) -> Self {
        Self { verb: "trigger", key, body: body.to_owned(), run: None }
    }

    fn interrupt(key: String, run: &str) -> Self {
        Self { verb: "interrupt", key, body: about(run), run: None }
    }

    /// Makes the call unless it was answered before. The same key: never a second run.
    fn utter(&mut self, open: &Open<'_>) -> bool {
        if self.run.is_none() {
            let answer = open.try_call(self.verb, &self.key, &self.body);
            self.run = answer.map(|answer| self.understood(&answer));
        }
        self.run.is_some()
    }

    /// The run of an answer. An interrupt may come too late, or be the second one.
    fn understood(&self, answer: &Answer) -> String {
        let late = matches!(answer.text("statusCode").as_str(), "-7" | "-8");
        if self.verb == "interrupt" && late { String::new() } else { accepted(answer) }
    }
}

/// The newest run of the batch beside the night that is known.
fn interruptible(wishes: &[Wish]) -> Option<&str> {
    let runs = wishes.iter().rev().filter_map(|wish| wish.run.as_deref());
    runs.into_iter().find(|run| run.starts_with("WORK_"))
}

/// What `bench/README.md` asks for.
fn tell_times(ready_after: &mut [Duration]) {
    ready_after.sort();
    let share = |percent: usize| ready_after[(ready_after.len() - 1) * percent / 100];
    tell(&format!("ready after {:?} (median), {:?} (p99)", share(50), share(99)));
}

/// Serves until `moment` has passed since the first call, and is killed then, whatever it is doing. Gives how long it took to be
/// ready.
fn live_and_die(bank: &Bank, wishes: &mut [Wish], moment: Duration) -> Duration {
    let open = bank.open();
    let begun = Instant::now();
    // Nothing waits for this: the moment is what chance has chosen.
    let strike = format!("sleep {}; kill -KILL {}", moment.as_secs_f64(), open.server.pid());
    let killer = thread::spawn(move || shell(&strike));
    let answered = wishes.iter_mut().filter_map(|wish| wish.utter(&open).then_some(())).count();
    killer.join().unwrap();
    let lived = begun.elapsed();
    tell(&format!("killed after {moment:?} ({lived:?}), {answered} answers known"));
    open.ready_after
}

fn bring_to_a_good_end(bank: &Bank, open: &Open<'_>, run: &str) {
    for restart in 0..=RESTARTS_AT_MOST {
        let ended = open.ended(run);
        match status(&ended) {
            "SUCCESSFUL" => return,
            "FAILED" if run.starts_with("EOD_") => bank.repair(DATE),
            "ABORTED" | "INTERRUPTED" => tell(&format!("restarted: {}", ended["message"])),
            other => panic!("{run} is {other}: {ended}"),
        }
        open.restart(&format!("restart-{run}-{restart}"), run);
    }
    panic!("{run} did not come to a good end");
}

fn every_command_ran_once(bank: &Bank, runs: &[String]) {
    let (work, night) = (bank.outside("witness"), bank.night_witness());
    assert_started_once_a_generation(&work);
    assert_nothing_ran_twice(&night);
    let mut tasks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for start in starts(&work).into_keys() {
        tasks.entry(start.run).or_default().insert(start.task);
    }
    let done = lines(&bank.outside("witness.done"));
    for run in runs.iter().filter(|run| run.starts_with("WORK_")) {
        assert_eq!(tasks[run].len(), WIDTH * DEPTH, "{run} lost a task");
        let done: BTreeSet<&String> = done.iter().filter(|line| line.starts_with(run)).collect();
        assert_eq!(done.len(), WIDTH * DEPTH, "{run} is SUCCESSFUL, but not all of it was done");
    }
    // The night's members have run ids of their own; each of its seven programs ran in each night.
    let nights = runs.iter().filter(|run| run.starts_with("EOD_")).count();
    let mut programs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for start in starts(&night).into_keys() {
        programs.entry(start.task).or_default().insert(start.run);
    }
    assert_eq!(programs.len(), 7, "{programs:?}");
    assert!(programs.values().all(|runs| runs.len() == nights), "{nights} nights: {programs:?}");
}
