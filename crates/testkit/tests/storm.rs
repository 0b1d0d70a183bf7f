//! Random schedules of requests, reports and faults against one server, over a store in memory: neither disks nor threads,
//! so that a busy machine changes nothing. Afterwards everything must have come right.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use dayend_engine::codes::{AttemptId, RunId};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_executor::port::{Fact, Outcome};
use dayend_service::requests::{Accepted, IdempotencyKey, Refusal, TaskRequest, TaskVerb};
use dayend_store::port::Partition;
use dayend_testkit::app::{PATIENCE, TestApp};
use dayend_testkit::flaky::{Fate, Flaky};
use dayend_testkit::scripted::Act;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const DEFINITIONS: &str = "
apiVersion: dayend/v1
kind: Batch
code: CHAIN
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A], retries: { max: 1, backoff: 1m } }
  - { code: C, noop: {}, after: [B], timeout: 1h }
---
apiVersion: dayend/v1
kind: Batch
code: DIAMOND
tasks:
  - { code: TOP, noop: {} }
  - { code: LEFT, noop: {}, after: [TOP], on_lost: retry }
  - { code: RIGHT, noop: {}, after: [TOP] }
  - { code: REPAIR, noop: {}, after: [{ task: RIGHT, on: failure }] }
  - { code: END, noop: {}, after: [LEFT, { task: RIGHT, on: end }] }
---
apiVersion: dayend/v1
kind: BatchGroup
code: NIGHT
members: [{ batch: CHAIN }, { batch: DIAMOND, after: [CHAIN] }]
";

const TASKS: &[&str] = &["A", "B", "C", "TOP", "LEFT", "RIGHT", "REPAIR", "END"];
const STEPS: u64 = 24;

/// How many schedules there are; `STORMS` says otherwise.
const STORMS: u64 = 200;

#[tokio::test]
async fn after_random_faults_all_runs_end_and_nothing_is_kept() {
    let storms = std::env::var("STORMS").ok().and_then(|count| count.parse().ok());
    // A server for some of them each: what one leaves behind, the next ones meet.
    let storms = storms.unwrap_or(STORMS);
    for first in (0..storms).step_by(50) {
        schedules(first..storms.min(first + 50)).await;
    }
}

async fn schedules(seeds: std::ops::Range<u64>) {
    let (app, flaky) = TestApp::in_memory().await;
    app.apply(DEFINITIONS).await;
    for task in TASKS {
        app.scripted.script(task, &[Act::Hang]);
    }
    let mut storm = Storm {
        app: Arc::new(app),
        flaky,
        dice: Dice(0),
        requests: JoinSet::new(),
        accepted: BTreeSet::new(),
        by_key: BTreeMap::new(),
        doubtful: 0,
    };
    for seed in seeds {
        storm.dice = Dice(seed);
        storm.blow(seed).await;
        storm.calm_down(seed).await;
        storm.check(seed).await;
    }
}

enum Request {
    Trigger(Option<String>),
    Verb,
}

struct Storm {
    app: Arc<TestApp>,
    flaky: Arc<Flaky>,
    dice: Dice,
    requests: JoinSet<(Request, Result<Accepted, Refusal>)>,
    /// All runs that anybody was told of, members aside.
    accepted: BTreeSet<RunId>,
    by_key: BTreeMap<String, RunId>,
    /// Triggers whose callers were told that nobody knows yet whether there is a run.
    doubtful: usize,
}

impl Storm {
    async fn blow(&mut self, seed: u64) {
        for _ in 0..STEPS {
            if self.dice.chance(50) {
                let fates = [Fate::NotDone, Fate::DoneUnknown, Fate::NotDoneUnknown];
                self.flaky.script(&[*self.dice.pick(&fates)]);
            }
            match self.dice.below(10) {
                0 | 1 => self.trigger(seed),
                2 => self.verb(),
                3..=6 => self.report(),
                7 => self.app.clock.advance(Duration::from_secs(40)),
                8 => self.flaky.reads_fail(self.dice.chance(30)),
                _ => self.answers().await,
            }
            for _ in 0..self.dice.below(40) {
                tokio::task::yield_now().await;
            }
        }
    }

    fn trigger(&mut self, seed: u64) {
        let (code, kind) = *self.dice.pick(&[
            ("CHAIN", Kind::Batch),
            ("DIAMOND", Kind::Batch),
            ("NIGHT", Kind::BatchGroup),
        ]);
        let key = self.dice.chance(50).then(|| format!("{seed}-{}", self.dice.below(2)));
        let mut trigger = self.app.trigger_of(code, kind);
        // One body for all requests with the key, so that each may answer for the others.
        let body_hash = [1; 32];
        trigger.key = key.clone().map(|key| IdempotencyKey { key, body_hash });
        let app = Arc::clone(&self.app);
        self.requests.spawn(async move {
            (Request::Trigger(key), app.service.trigger(&app.caller, trigger).await)
        });
    }

    fn verb(&mut self) {
        let runs: Vec<&RunId> = self.accepted.iter().rev().take(4).collect();
        if runs.is_empty() {
            return;
        }
        let run = self.dice.pick(&runs).to_string();
        let (member, verb, node) = (self.dice.chance(40), self.dice.below(8), self.dice.below(5));
        let app = Arc::clone(&self.app);
        self.requests
            .spawn(async move { (Request::Verb, one_verb(&app, run, member, verb, node).await) });
    }

    fn report(&mut self) {
        let live: Vec<AttemptId> = self.app.scripted.live().into_iter().collect();
        if live.is_empty() {
            return;
        }
        let id = *self.dice.pick(&live);
        match self.dice.below(6) {
            0 => self.app.scripted.report(id, Fact::Accepted { handle: "handle".to_owned() }),
            1 => self.app.scripted.finish(id, Outcome::Failed, "no luck"),
            2 => self.app.scripted.finish(id, Outcome::Lost, "vanished"),
            3 => {
                self.app.scripted.finish(id, Outcome::Succeeded, "");
                self.app.scripted.finish(id, Outcome::Failed, "the same once more");
            }
            _ => self.app.scripted.finish(id, Outcome::Succeeded, ""),
        }
    }

    /// Takes the answers that have come.
    async fn answers(&mut self) {
        while let Some(answered) = self.requests.try_join_next() {
            self.answered(answered.unwrap());
        }
        tokio::task::yield_now().await;
    }

    fn answered(&mut self, (request, answer): (Request, Result<Accepted, Refusal>)) {
        match (request, answer) {
            (Request::Trigger(key), Ok(accepted)) => {
                if let Some(key) = key {
                    let first =
                        self.by_key.entry(key.clone()).or_insert_with(|| accepted.run_id.clone());
                    assert_eq!(*first, accepted.run_id, "key {key} names one run");
                }
                self.accepted.insert(accepted.run_id);
            }
            (Request::Trigger(_), Err(Refusal::Unavailable(why))) => {
                self.doubtful += usize::from(why.contains("not known yet"));
            }
            (Request::Verb, _) => {}
            (Request::Trigger(_), Err(refused)) => panic!("{refused:?}"),
        }
    }

    async fn calm_down(&mut self, seed: u64) {
        self.flaky.clear_script();
        self.flaky.reads_fail(false);
        let ending = async {
            while let Some(answered) = self.requests.join_next().await {
                self.answered(answered.unwrap());
            }
            while !self.app.store.live_runs(Partition(0)).await.unwrap().is_empty() {
                self.app.settled().await;
                for id in self.app.scripted.live() {
                    self.app.scripted.finish(id, Outcome::Succeeded, "");
                }
                self.app.clock.advance(Duration::from_mins(2));
                self.app.settled().await;
                if self.app.scripted.live().is_empty() {
                    self.end_what_waits_for_people().await;
                }
            }
            self.app.settled().await;
        };
        let ended = tokio::time::timeout(PATIENCE, ending).await;
        if ended.is_err() {
            let left = self.app.store.live_runs(Partition(0)).await.unwrap();
            let left: Vec<_> = left.iter().map(|row| (row.run_id.as_str(), &row.state)).collect();
            panic!("seed {seed}: these runs never ended: {left:#?}");
        }
    }

    /// Runs that somebody held go on only if somebody lets them; this one does not.
    async fn end_what_waits_for_people(&self) {
        for row in self.app.store.live_runs(Partition(0)).await.unwrap() {
            if row.parent.is_none() && row.state.status == Status::Held {
                let request = self.app.run_request(row.run_id.as_str());
                self.app.service.interrupt(&self.app.caller, request).await.unwrap();
            }
        }
    }

    async fn check(&self, seed: u64) {
        let rows = self.app.store.recent_runs(&self.app.scope, None, 100_000).await.unwrap();
        let roots: BTreeSet<RunId> =
            rows.iter().filter(|row| row.parent.is_none()).map(|row| row.run_id.clone()).collect();
        assert!(roots.is_superset(&self.accepted), "seed {seed}: what was accepted is there");
        let unknown = roots.difference(&self.accepted).count();
        assert!(
            unknown <= self.doubtful,
            "seed {seed}: {unknown} runs are there that were refused"
        );
        // What was dropped in the last failed group may still be on its way into memory, and out again.
        for row in &rows {
            let letting_go = async {
                while !self.app.is_let_go(row.run_id.as_str()) {
                    tokio::task::yield_now().await;
                }
            };
            let let_go = tokio::time::timeout(PATIENCE, letting_go).await;
            assert!(let_go.is_ok(), "seed {seed}: {} is kept", row.run_id);
        }
        let mut newest: BTreeMap<_, u32> = BTreeMap::new();
        for started in self.app.scripted.started() {
            let AttemptId { run, node, epoch } = started.id;
            let before = newest.insert((run, node), epoch).unwrap_or_default();
            assert_eq!(epoch, before + 1, "seed {seed}: {started:?}");
        }
    }
}

/// A verb on a run or one of its members, or on one of its tasks.
async fn one_verb(
    app: &TestApp,
    mut run: String,
    member: bool,
    verb: usize,
    node: usize,
) -> Result<Accepted, Refusal> {
    let mut status = app.service.status(&app.caller, app.run_request(&run), None).await?;
    if let Some(one) = status.members.get(node % 2).filter(|_| member) {
        run = one.run_id.to_string();
        status = app.service.status(&app.caller, app.run_request(&run), None).await?;
    }
    let verbs = [TaskVerb::Hold, TaskVerb::Release, TaskVerb::Exclude, TaskVerb::ForceOk];
    let request = app.run_request(&run);
    match (verb, verbs.get(verb)) {
        (_, Some(verb)) => {
            let tasks = status.tasks.iter().map(|task| task.code.to_string());
            let members = status.members.iter().map(|member| member.code.to_string());
            let codes: Vec<String> = tasks.chain(members).collect();
            let request = TaskRequest {
                run: request,
                task: codes.iter().cycle().nth(node).unwrap().clone(),
                verb: *verb,
                reason: "the storm".to_owned(),
            };
            let status = app.service.task(&app.caller, request).await?;
            Ok(Accepted { run_id: status.run_id, replayed: false })
        }
        (4 | 5, None) => app.service.interrupt(&app.caller, request).await,
        (_, None) => app.service.restart(&app.caller, request).await,
    }
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() >> 33).unwrap() % end
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        from.get(self.below(from.len())).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
