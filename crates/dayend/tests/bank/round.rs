//! A round: everything that can be asked of a server, step by step. Who goes on with it after the server was killed repeats the
//! step that was not answered, with the same key.

use crate::bank::facts::{Fact, Journal};
use crate::bank::{Bank, Open, about, accepted, lines, status};
use crate::outside::witness::{assert_nothing_ran_twice, starts};
use crate::server_support::run;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

type Step = fn(&mut Round<'_>, &Open<'_>) -> Option<()>;

/// None: the server was gone before it had answered.
const STEPS: [Step; 15] = [
    |round, open| round.apply(open),
    |round, open| round.order(open, "work", r#"{"batchName": "WORK", "batchType": "rest"}"#),
    |round, open| round.good_end(open, "work"),
    |round, open| round.order(open, "wait", r#"{"batchName": "WAIT", "batchType": "rest"}"#),
    |round, open| round.interrupt(open, "wait"),
    |round, open| round.restart(open, "wait"),
    |round, open| round.good_end(open, "wait"),
    |round, open| round.rerun(open, "again", "work"),
    |round, open| round.good_end(open, "again"),
    |round, open| round.order(open, "held", HELD),
    |round, open| round.task(open, "held", "D", "hold"),
    |round, open| round.task(open, "held", "B", "release"),
    |round, open| round.task(open, "held", "D", "release"),
    |round, open| round.good_end(open, "held"),
    |round, open| {
        round.order(open, "group", r#"{"batchName": "ALL", "batchType": "group"}"#)?;
        round.good_end(open, "group")
    },
];
const HELD: &str = r#"{"batchName": "WORK", "batchType": "rest", "heldTasks": "B"}"#;
/// Four single runs, one group and its two members.
pub(crate) const RUNS: usize = 7;
/// A run whose tasks were lost is restarted at most so often in one step.
const RESTARTS_AT_MOST: usize = 5;

/// How far a round has come.
pub(crate) struct Round<'a> {
    bank: &'a Bank,
    number: usize,
    done: usize,
    runs: BTreeMap<&'static str, String>,
    journal: &'a Journal,
}

impl<'a> Round<'a> {
    pub(crate) fn new(bank: &'a Bank, number: usize, journal: &'a Journal) -> Self {
        Self { bank, number, done: 0, runs: BTreeMap::new(), journal }
    }

    /// Takes the steps that are left; nothing if the server was gone before the last one was done.
    pub(crate) fn go_on(&mut self, open: &Open<'_>) -> Option<()> {
        while let Some(step) = STEPS.get(self.done) {
            step(self, open)?;
            self.done += 1;
        }
        Some(())
    }

    /// How many steps were taken.
    pub(crate) fn steps(&self) -> usize {
        self.done
    }

    fn apply(&self, open: &Open<'_>) -> Option<()> {
        let file = self.bank.outside("round.yaml");
        fs::write(&file, definitions(self.bank)).unwrap();
        let said = open.ask(&["apply", file.to_str().unwrap()]);
        if said.code != 0 {
            // Only a server that is gone may leave it undone.
            self.bank.assert_killed(open, &said.stderr);
            return None;
        }
        self.journal.note(Fact::Defined("ALL"));
        Some(())
    }

    fn order(&mut self, open: &Open<'_>, name: &'static str, body: &str) -> Option<()> {
        let key = self.key(name);
        let run = accepted(&open.try_call("trigger", &key, body)?);
        self.journal.note(Fact::Exists(run.clone()));
        self.runs.insert(name, run);
        Some(())
    }

    fn rerun(&mut self, open: &Open<'_>, name: &'static str, of: &str) -> Option<()> {
        let (key, body) = (self.key(name), about(&self.runs[of]));
        let run = accepted(&open.try_call("rerun", &key, &body)?);
        self.journal.note(Fact::Exists(run.clone()));
        self.runs.insert(name, run);
        Some(())
    }

    /// Interrupts a run while its task waits; if the task was lost in the meantime, there is nothing to interrupt any more.
    fn interrupt(&self, open: &Open<'_>, name: &str) -> Option<()> {
        let run = &self.runs[name];
        open.try_until(run, |run| status(run) != "NOT-STARTED")?;
        let answer = open.try_call("interrupt", &self.key("interrupt"), &about(run))?;
        let ended = open.try_until(run, |run| run["terminal"] == true)?;
        match (answer.text("statusCode").as_str(), status(&ended)) {
            ("0", "INTERRUPTED" | "ABORTED") | ("-8", "ABORTED") => {}
            _ => panic!("{answer:?}, and the run is {ended}"),
        }
        self.note_end(run, &ended);
        Some(())
    }

    /// Opens the gate at which its task waits, and restarts the run.
    fn restart(&self, open: &Open<'_>, name: &str) -> Option<()> {
        let run = &self.runs[name];
        fs::write(self.bank.outside(&format!("go-{run}")), "").unwrap();
        self.restart_with(open, run, &self.key("restart"), 2)
    }

    fn restart_with(&self, open: &Open<'_>, run: &str, key: &str, generation: u64) -> Option<()> {
        self.journal.note(Fact::Asked(run.to_owned()));
        accepted(&open.try_call("restart", key, &about(run))?);
        self.journal.note(Fact::Generation(run.to_owned(), generation));
        Some(())
    }

    /// Holds or releases a task. Asked again after it was done it is refused, which is as good; so it is once the run has ended.
    fn task(&self, open: &Open<'_>, name: &str, task: &str, verb: &str) -> Option<()> {
        let run = &self.runs[name];
        open.try_until(run, |run| status(run) != "ON-GOING" && status(run) != "NOT-STARTED")?;
        self.journal.note(Fact::Asked(run.clone()));
        let more = r#"-H 'Content-Type: application/json' -d '{"reason": "a round"}'"#;
        let answer = open.try_api(&format!("runs/{run}/tasks/{task}/{verb}"), more)?;
        assert!(matches!(answer.status, 200 | 409), "{verb}: {answer:?}");
        Some(())
    }

    /// Waits until the run is well; restarts it for tasks that were lost with their server.
    fn good_end(&self, open: &Open<'_>, name: &str) -> Option<()> {
        let run = &self.runs[name];
        for _ in 0..RESTARTS_AT_MOST {
            let shown = open
                .try_until(run, |run| status(run) != "ON-GOING" && status(run) != "NOT-STARTED")?;
            if status(&shown) == "SUCCESSFUL" {
                self.note_end(run, &shown);
                return Some(());
            }
            let generation = shown["generation"].as_u64().unwrap();
            let key = format!("restart-{run}-{generation}");
            self.restart_with(open, run, &key, generation + 1)?;
        }
        panic!("{run} did not come to a good end");
    }

    fn note_end(&self, run: &str, shown: &Value) {
        self.journal.note(Fact::Ended(run.to_owned(), status(shown).to_owned()));
    }

    fn key(&self, name: &str) -> String {
        format!("{}-{name}", self.number)
    }
}

impl Bank {
    /// Commands that do not hear TERM, because a tracer has just taken hold of them, are killed soon.
    pub(crate) fn kill_soon(&self) {
        let path = self.home.data().join("dayend.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("#grace_s = 10\n"), "{text}");
        fs::write(&path, text.replace("#grace_s = 10\n", "grace_s = 1\n")).unwrap();
    }

    /// Fails if the server still lives: then what it did not do needs another reason.
    fn assert_killed(&self, open: &Open<'_>, said: &str) {
        let killed = open.server.is_gone() || open.try_api("schema", "").is_none();
        assert!(killed, "{said}\n{:?}", lines(&self.outside("log")).last());
    }

    /// How many runs there are, counted by `audit verify` while nobody serves.
    pub(crate) fn count_runs(&self) -> usize {
        let said = run(&["--json", "audit", "verify", "--data", self.home.text()]);
        let counted: Value = serde_json::from_str(said.ok()).unwrap();
        usize::try_from(counted["runs"].as_u64().unwrap()).unwrap()
    }
}

/// Fails if a task was started twice within one generation, although its definition does not allow that.
pub(crate) fn assert_started_once_a_generation(witness: &Path) {
    assert_nothing_ran_twice(witness);
    let mut generations: BTreeMap<(String, String), usize> = BTreeMap::new();
    for start in starts(witness).into_keys() {
        let key = start.attempt.split(' ').next().unwrap().to_owned();
        *generations.entry((start.task, key)).or_default() += 1;
    }
    assert!(generations.values().all(|starts| *starts == 1), "{generations:?}");
}

/// A diamond of commands, a command that waits, and a group of the two. Each command signs the witness.
fn definitions(bank: &Bank) -> String {
    let place = bank.outside("");
    let place = place.to_str().unwrap().trim_end_matches('/');
    let sign = r#"echo "WITNESS $DAYEND_RUN_ID $DAYEND_TASK $DAYEND_IDEMPOTENCY_KEY $DAYEND_ATTEMPT" >> "$1/witness""#;
    // Without its directory nobody waits any more.
    let wait = r#"while [ -d "$1" ] && [ ! -e "$1/go-$DAYEND_RUN_ID" ]; do sleep 0.02; done"#;
    let command =
        |script: &str| format!(r#"{{ argv: ["/bin/sh", "-c", '{script}', sh, "{place}"] }}"#);
    let (quick, slow) = (command(sign), command(&format!("{sign}; {wait}")));
    format!(
        "apiVersion: dayend/v1\nkind: Batch\ncode: WORK\ntasks:\n  \
         - {{ code: A, command: {quick} }}\n  \
         - {{ code: B, command: {quick}, after: [A] }}\n  \
         - {{ code: C, command: {quick}, after: [A] }}\n  \
         - {{ code: D, command: {quick}, after: [B, C] }}\n\
         ---\napiVersion: dayend/v1\nkind: Batch\ncode: WAIT\ntasks: [{{ code: W, command: {slow} }}]\n\
         ---\napiVersion: dayend/v1\nkind: Batch\ncode: LAST\ntasks: [{{ code: L, command: {quick} }}]\n\
         ---\napiVersion: dayend/v1\nkind: BatchGroup\ncode: ALL\nmembers: [{{ batch: WORK }}, {{ batch: LAST, after: [WORK] }}]\n"
    )
}
