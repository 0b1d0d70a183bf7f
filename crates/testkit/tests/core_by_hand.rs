//! The conductor's core by hand: one input and one commit after the other, over a real store.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::definition::Kind;
use dayend_engine::params::RunParams;
use dayend_engine::run::{Choices, NodeState, TaskVerb};
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Fact, Outcome, Report};
use dayend_service::compiled::{Catalogue, Compiled};
use dayend_service::conductor::core::{Core, Next, Released};
use dayend_service::conductor::input::{Answer, Command, Create, Input, RunVerb, VerbCommand};
use dayend_service::conductor::load::Tree;
use dayend_service::conductor::pending::Release;
use dayend_service::conductor::view::Views;
use dayend_store::port::{ClaimRow, Group, HistoryRecord, Partition, Write};
use dayend_testkit::app::TestApp;
use std::sync::Arc;

const CHAIN: &str = "
apiVersion: dayend/v1
kind: Batch
code: CHAIN
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A] }
";

const A: u32 = 0;
const B: u32 = 1;
const NOW: Timestamp = Timestamp(1_793_318_400_000_000);
const RELEASE_A: RunVerb = RunVerb::Task { node: A, verb: TaskVerb::Release };
const HOLD_B: RunVerb = RunVerb::Task { node: B, verb: TaskVerb::Hold };

#[tokio::test]
async fn a_refused_verb_with_a_key_does_not_open_the_write_before_it_again() {
    let mut desk = Desk::new().await;
    let run = desk.run().await;
    desk.fold(Command::Foreign(Box::new(audit())), 1);
    desk.verb(run, RELEASE_A, Some("key"), 2);
    desk.succeed(run, A);
    let released = desk.commit().await;
    assert!(matches!(released.replies[..], [(1, Answer::Written(_)), (2, Answer::Rejected(_))]));
    assert_eq!(started(&released), [(run, B)]);
    assert_eq!(desk.states(run).await, [NodeState::Successful, NodeState::Running]);
}

#[tokio::test]
async fn steps_behind_a_verb_that_may_lose_its_key_are_not_in_its_group() {
    let mut desk = Desk::new().await;
    let run = desk.run().await;
    desk.use_up("key").await;
    desk.verb(run, RunVerb::Interrupt, Some("key"), 1);
    desk.succeed(run, A);
    let released = desk.commit().await;
    assert_eq!(released.replies, [(1, Answer::Raced)]);
    assert_eq!(stopped(&released), []);
    assert_eq!(released.reports.len(), 1, "the report is to be folded in again");
    assert!(released.reload.contains(&run));
    assert_eq!(desk.states(run).await, [NodeState::Running]);
    desk.reload(run).await;
    desk.succeed(run, A);
    assert_eq!(started(&desk.commit().await), [(run, B)]);
    desk.is_sound().await;
}

#[tokio::test]
async fn steps_behind_a_verb_that_keeps_its_key_are_in_the_next_group() {
    let mut desk = Desk::new().await;
    let run = desk.run().await;
    desk.verb(run, HOLD_B, Some("key"), 1);
    desk.succeed(run, A);
    assert_eq!(desk.commit().await.replies, [(1, Answer::Done)]);
    assert_eq!(desk.states(run).await, [NodeState::Running, NodeState::Held]);
    assert_eq!(started(&desk.commit().await), []);
    assert_eq!(desk.states(run).await, [NodeState::Successful, NodeState::Held]);
    desk.is_sound().await;
}

#[tokio::test]
async fn all_that_builds_on_a_lost_verb_is_taken_back_and_its_keys_are_free_again() {
    let mut desk = Desk::new().await;
    let (first, second, third) = (desk.run().await, desk.run().await, desk.run().await);
    desk.use_up("key").await;
    desk.verb(first, RunVerb::Interrupt, Some("key"), 1);
    let group = desk.next();
    // One write for both, then one that builds on it, then one that has nothing to do with either.
    desk.succeed(first, A);
    desk.succeed(second, A);
    desk.verb(second, RunVerb::Interrupt, Some("other"), 2);
    desk.verb(third, RunVerb::Interrupt, None, 3);
    let released = desk.finish(group).await;
    assert_eq!(released.replies.first(), Some(&(1, Answer::Raced)));
    assert!(matches!(released.replies[1..], [(2, Answer::NotStored(_))]), "{released:?}");
    assert_eq!(released.reload, [first, second].into());
    assert_eq!(released.reports.len(), 2);
    assert_eq!(stopped(&desk.commit().await), [(third, A)]);
    for run in [first, second] {
        assert_eq!(desk.states(run).await, [NodeState::Running]);
        desk.reload(run).await;
    }
    desk.verb(second, RunVerb::Interrupt, Some("other"), 4);
    let released = desk.commit().await;
    assert_eq!(released.replies, [(4, Answer::Done)]);
    assert_eq!(stopped(&released), [(second, A)]);
    desk.is_sound().await;
}

#[tokio::test]
async fn nothing_stays_in_memory_of_runs_that_ended() {
    let mut desk = Desk::new().await;
    for key in [None, Some("key")] {
        desk.create(key, 1);
        desk.commit().await;
        let run = desk.newest;
        desk.report(run, A, Fact::Started);
        desk.succeed(run, A);
        desk.commit().await;
        desk.report(run, B, Fact::Started);
        // Said after the end of the attempt.
        desk.report(run, A, Fact::Started);
        desk.succeed(run, B);
        // A report that comes twice.
        desk.succeed(run, B);
        desk.commit().await;
    }
    let run = desk.run().await;
    desk.report(run, A, Fact::Started);
    desk.verb(run, RunVerb::Interrupt, Some("stop"), 2);
    desk.commit().await;
    desk.succeed(run, A);
    desk.commit().await;
    assert_eq!(
        format!("{:?}", desk.core),
        "Core { runs: 0, timers: 0, started: 0, claims: 0, open: 0, .. }"
    );
    desk.is_sound().await;
}

#[tokio::test]
async fn a_failed_group_leaves_nothing_of_a_new_run_in_memory() {
    let mut desk = Desk::new().await;
    desk.create(Some("key"), 1);
    let _group = desk.next();
    desk.create(Some("other"), 2);
    let released = desk.core.not_done("the disk is full");
    assert!(
        matches!(released.replies[..], [(1, Answer::NotStored(_)), (2, Answer::NotStored(_))]),
        "{released:?}"
    );
    assert!(released.reload.is_empty());
    assert!(released.releases.is_empty());
    assert_eq!(
        format!("{:?}", desk.core),
        "Core { runs: 0, timers: 0, started: 0, claims: 0, open: 0, .. }"
    );
}

/// A core that owns the database of a server that has stopped.
struct Desk {
    app: TestApp,
    core: Core<u32>,
    catalogue: Catalogue,
    compiled: Arc<Compiled>,
    newest: RunKey,
}

impl Desk {
    async fn new() -> Self {
        let app = TestApp::new().await;
        app.apply(CHAIN).await;
        app.conductor.stop().await;
        let takeover = app.store.take_over(Partition(0)).await.unwrap();
        let core = Core::new(&takeover, Arc::new(Views::default()));
        let catalogue = Catalogue::new(Arc::clone(&app.store));
        let chain = "CHAIN".parse().unwrap();
        let found = catalogue.newest(&app.scope, Kind::Batch, &chain).await;
        let compiled = found.unwrap().expect("it was applied");
        Self { app, core, catalogue, compiled, newest: takeover.last_run }
    }

    fn fold(&mut self, command: Command, reply: u32) {
        self.core.handle(Input::Command(command, reply), NOW).expect("the run is in memory");
    }

    fn create(&mut self, key: Option<&str>, reply: u32) {
        let code = "CHAIN".parse().unwrap();
        let create = Create {
            scope: self.app.scope.clone(),
            kind: Kind::Batch,
            code,
            mis_date: "2026-10-30".parse().unwrap(),
            compiled: Arc::clone(&self.compiled),
            params: RunParams::default(),
            choices: Choices::default(),
            params_json: "{}".to_owned(),
            choices_json: "{}".to_owned(),
            members: Vec::new(),
            rerun_of: None,
            actor: "test".to_owned(),
            event: "trigger",
            claim: key.map(claim),
        };
        self.newest = RunKey(self.newest.0 + 1);
        self.fold(Command::Create(Box::new(create)), reply);
    }

    /// A new run whose first task runs.
    async fn run(&mut self) -> RunKey {
        self.create(None, 0);
        let run = self.newest;
        assert_eq!(started(&self.commit().await), [(run, A)]);
        run
    }

    /// Somebody uses an idempotency key.
    async fn use_up(&mut self, key: &str) {
        self.create(Some(key), 0);
        self.commit().await;
    }

    fn verb(&mut self, run: RunKey, verb: RunVerb, key: Option<&str>, reply: u32) {
        let command = VerbCommand {
            run,
            verb,
            actor: "test".to_owned(),
            reason: None,
            claim: key.map(claim),
        };
        self.fold(Command::Verb(Box::new(command)), reply);
    }

    fn succeed(&mut self, run: RunKey, node: u32) {
        self.report(run, node, Fact::Ended { outcome: Outcome::Succeeded, message: String::new() });
    }

    fn report(&mut self, run: RunKey, node: u32, fact: Fact) {
        let id = AttemptId { run, node, epoch: 1 };
        let report = Report { id, at: NOW, fact };
        self.core.handle(Input::Report(report), NOW).expect("the run is in memory");
    }

    fn next(&mut self) -> Group {
        let Next::Commit(group) = self.core.next(NOW, false) else {
            panic!("there is nothing to commit")
        };
        group
    }

    async fn finish(&mut self, group: Group) -> Released<u32> {
        let outcomes = self.app.store.commit(group).await.unwrap();
        self.core.committed(outcomes)
    }

    async fn commit(&mut self) -> Released<u32> {
        let group = self.next();
        self.finish(group).await
    }

    async fn reload(&mut self, run: RunKey) {
        let tree = Tree::read(self.app.store.as_ref(), &self.catalogue, run).await.unwrap();
        self.core.insert(tree.expect("the run exists"), NOW).unwrap();
    }

    async fn states(&self, run: RunKey) -> Vec<NodeState> {
        let nodes = self.app.store.nodes(run).await.unwrap();
        nodes.iter().map(|row| NodeState::from_number(row.state).unwrap()).collect()
    }

    async fn is_sound(&self) {
        self.app.verify().await;
    }
}

fn started(released: &Released<u32>) -> Vec<(RunKey, u32)> {
    let started = released.releases.iter().filter_map(|release| match release {
        Release::Start(begin) => Some((begin.attempt.id.run, begin.attempt.id.node)),
        Release::Stop(_) => None,
    });
    started.collect()
}

fn stopped(released: &Released<u32>) -> Vec<(RunKey, u32)> {
    let stopped = released.releases.iter().filter_map(|release| match release {
        Release::Start(_) => None,
        Release::Stop(id) => Some((id.run, id.node)),
    });
    stopped.collect()
}

fn claim(key: &str) -> ClaimRow {
    ClaimRow {
        tenant: "acme".to_owned(),
        client: "test".to_owned(),
        verb: "any".to_owned(),
        key: key.to_owned(),
        body_hash: [1; 32],
        answer: String::new(),
        at: NOW,
    }
}

fn audit() -> Write {
    let history = HistoryRecord {
        run: None,
        at: NOW,
        actor: "test".to_owned(),
        event: "test".to_owned(),
        detail: "{}".to_owned(),
    };
    Write::Audit { history }
}
