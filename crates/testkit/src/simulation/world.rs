//! The simulated world: a queue of events in virtual time, and everything that they act on.

use super::agents::Made;
use super::block_on::block_on;
use super::clients::{Clients, scope};
use super::definitions::{code, definitions};
use super::faults::Faults;
use super::graph::Graph;
use super::invariants::Watch;
use super::model_store::ModelStore;
use super::mutations::Mutation;
use super::random::Random;
use super::server::Server;
use super::trace::{Failure, Summary, Trace};
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::definition::Definition;
use dayend_engine::time::Timestamp;
use dayend_executor::port::Report;
use dayend_service::compiled::{Catalogue, Compiled};
use dayend_service::conductor::desk::Now;
use dayend_service::conductor::input::{Command, Input};
use dayend_service::conductor::load::Tree;
use dayend_service::definitions::pack;
use dayend_store::port::{
    Group, HistoryRow, NewDefinition, Outcome, Store, StoreError, VersionKey,
};
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// 2026-10-30, in microseconds.
const BEGIN_US: i64 = 1_793_318_400_000_000;
/// More events than this, and nothing comes of it any more.
const EVENTS_MAX: u64 = 60_000;

/// How a check ends: with a sentence if it does not hold.
pub(super) type Check = Result<(), String>;

#[derive(Debug)]
pub(super) enum Event {
    /// Somebody wants something.
    Client,
    /// A request is sent once more.
    Resend(usize),
    /// A command reaches the server; its reply goes to this request.
    Arrive(usize, Box<Command>),
    /// A group reaches the disk, or not.
    CommitLands(Box<Group>, Fate),
    CommitAnswers(Result<Vec<Outcome>, String>),
    /// The answer was lost: the store is asked.
    CommitSettles(dayend_store::port::GroupId),
    LoadReads(RunKey),
    LoadArrives(RunKey, Box<Result<Option<Tree>, StoreError>>),
    Deliver(Report),
    /// Ignored if the server wants to be woken at another time by now.
    Wake(i64),
    Crash,
    /// The server is told to stop.
    Stop,
    Recover,
    /// An attempt leaves the executor's queue.
    Begin(AttemptId),
    End(AttemptId),
    /// The truth about an attempt that was given up.
    Truth(AttemptId),
}

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    NotDone,
    UnknownDone,
    UnknownNotDone,
}

struct Scheduled {
    /// The server's life it belongs to: what is on its way to a server that dies is lost.
    life: Option<u64>,
    event: Event,
}

pub(super) struct World {
    pub random: Random,
    pub faults: Faults,
    /// What is wrong with this server.
    pub mutation: Option<Mutation>,
    pub mono_us: i64,
    pub skew_us: i64,
    queue: BTreeMap<(i64, u64), Scheduled>,
    last_event: u64,
    /// When the server wakes by itself.
    pub wake: Option<i64>,
    pub store: Arc<ModelStore>,
    pub catalogue: Arc<Catalogue>,
    /// Kept, so that the catalogue never has to compile one again.
    pub compiled: BTreeMap<VersionKey, Arc<Compiled>>,
    pub graphs: BTreeMap<VersionKey, Arc<Graph>>,
    pub server: Option<Server>,
    /// Reached the server, which has not taken them yet.
    pub commands: VecDeque<(usize, Command)>,
    pub life: u64,
    pub made: BTreeMap<AttemptId, Made>,
    pub clients: Clients,
    pub watch: Watch,
    pub trace: Trace,
    pub sums: Summary,
}

/// Lives through one seed. `told`: a failure tells its last steps.
pub fn simulate(seed: u64, told: bool) -> Result<Summary, Failure> {
    simulate_with(seed, told, None)
}

/// Lives through one seed with a server that has a defect: a failure says which check has found it.
pub fn simulate_with(
    seed: u64,
    told: bool,
    mutation: Option<Mutation>,
) -> Result<Summary, Failure> {
    let mut world = World::new(seed, told, mutation);
    // A panic of the core is a failure of the seed, and names it like any other.
    let lived = catch_unwind(AssertUnwindSafe(|| world.live()));
    let broken = match lived {
        Ok(Ok(())) => return Ok(world.sums),
        Ok(Err(broken)) => broken,
        Err(panic) => format!("it panicked: {}", said(panic.as_ref())),
    };
    Err(Failure { seed, broken, trace: world.trace.into_lines() })
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

impl World {
    fn new(seed: u64, told: bool, mutation: Option<Mutation>) -> Self {
        let mut random = Random::new(seed);
        let faults = Faults::swarm(&mut random);
        let store = Arc::new(ModelStore::default());
        let catalogue = Arc::new(Catalogue::new(Arc::clone(&store) as Arc<dyn Store>));
        let mut world = Self {
            random,
            faults,
            mutation,
            mono_us: 0,
            skew_us: 0,
            queue: BTreeMap::new(),
            last_event: 0,
            wake: None,
            store,
            catalogue,
            compiled: BTreeMap::new(),
            graphs: BTreeMap::new(),
            server: None,
            commands: VecDeque::new(),
            life: 0,
            made: BTreeMap::new(),
            clients: Clients::default(),
            watch: Watch::default(),
            trace: Trace::new(told),
            sums: Summary::default(),
        };
        for definition in definitions(&mut world.random) {
            let row = world.version(&definition, 0);
            world.store.tables().define(&row);
            world.defined(row.key, definition, 1);
        }
        world
    }

    fn live(&mut self) -> Check {
        self.recover()?;
        self.schedule(0, None, Event::Client);
        self.run_dry()?;
        self.heal()?;
        self.sums.runs = self.store.tables().runs.len() as u64;
        let stale = |row: &&HistoryRow| row.record.event == "stale-report";
        self.sums.stale_reports = self.store.tables().history.iter().filter(stale).count() as u64;
        self.sums.attempts = self.made.len() as u64;
        self.sums.commits = self.store.tables().commits.len() as u64;
        Ok(())
    }

    /// Until nothing is left that could happen by itself.
    pub(super) fn run_dry(&mut self) -> Check {
        while let Some(((at, _), next)) = self.queue.pop_first() {
            self.mono_us = at;
            if next.life.is_some_and(|life| life != self.life) {
                continue;
            }
            self.sums.steps += 1;
            if self.sums.steps > EVENTS_MAX {
                return Err("it does not come to rest".to_owned());
            }
            let (mono_us, event) = (self.mono_us, &next.event);
            self.trace.note(|| format!("{:>12} {}", mono_us, told(event)));
            self.happen(next.event)?;
            self.serve()?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Check {
        match event {
            Event::Client => self.client(),
            Event::Resend(request) => self.send(request),
            Event::Arrive(request, command) => return self.arrive(request, *command),
            Event::CommitLands(group, fate) => return self.commit_lands(&group, fate),
            Event::CommitAnswers(done) => self.commit_answers(done),
            Event::CommitSettles(group) => self.commit_settles(group),
            Event::LoadReads(run) => self.load_reads(run),
            Event::LoadArrives(run, tree) => self.load_arrives(run, *tree),
            Event::Deliver(report) => {
                if let Some(report) = self.perturb_report(report) {
                    self.fold(Input::Report(report));
                }
            }
            Event::Wake(at) => self.woken(at),
            Event::Crash => self.crash(),
            Event::Stop => self.stop_server(),
            Event::Recover => return self.recover(),
            Event::Begin(id) => return self.begin(id),
            Event::End(id) => self.end(id),
            Event::Truth(id) => self.truth(id),
        }
        Ok(())
    }

    pub(super) fn wall(&self) -> Timestamp {
        Timestamp(BEGIN_US + self.mono_us + self.skew_us)
    }

    pub(super) fn now(&self) -> Now {
        let steady = Duration::from_micros(u64::try_from(self.mono_us).unwrap_or_default());
        Now { wall: self.wall(), steady }
    }

    /// `life`: of the server that the event is on its way to or from.
    pub(super) fn schedule(&mut self, delay_us: i64, life: Option<u64>, event: Event) {
        self.last_event += 1;
        let at = (self.mono_us + delay_us, self.last_event);
        self.queue.insert(at, Scheduled { life, event });
    }

    /// After a delay of up to `most_us`.
    pub(super) fn soon(&mut self, most_us: i64, life: Option<u64>, event: Event) {
        let delay_us = self.random.up_to(most_us);
        self.schedule(delay_us, life, event);
    }

    /// The row of a new version.
    pub(super) fn version(&mut self, definition: &Definition, expected: i64) -> NewDefinition {
        self.clients.last_version += 1;
        NewDefinition {
            key: VersionKey(self.clients.last_version),
            scope: scope(),
            kind: definition.kind(),
            code: code(definition.code().as_str()),
            expected,
            content: pack(definition),
            by: "engineer".to_owned(),
            at: self.wall(),
        }
    }

    /// A version is stored: it is compiled now, where a thread may be used for it.
    pub(super) fn defined(&mut self, key: VersionKey, definition: Definition, version: i64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime without drivers can always be built");
        self.store.set_unavailable(false);
        let compiled = runtime.block_on(self.catalogue.version(key));
        let compiled = compiled.expect("the generator makes definitions that compile");
        self.compiled.insert(key, compiled);
        self.graphs.insert(key, Arc::new(Graph::of(&definition)));
        let name = (definition.kind(), definition.code().clone());
        self.clients.newest.insert(name, (key, version, definition));
    }

    /// Reads a tree as it is on disk now, if the disk answers.
    pub(super) fn read_tree(&mut self, run: RunKey) -> Result<Option<Tree>, StoreError> {
        let fails = self.random.chance(self.faults.read);
        self.store.set_unavailable(fails);
        let tree = block_on(Tree::read(self.store.as_ref(), &self.catalogue, run));
        self.store.set_unavailable(false);
        tree
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Arrive(request, command) => match command.as_ref() {
            Command::Create(create) => {
                format!(
                    "arrive {request}: {} {} {}",
                    create.event, create.code, create.choices_json
                )
            }
            Command::Verb(verb) => format!("arrive {request}: {:?} {:?}", verb.run, verb.verb),
            Command::Foreign(_) => format!("arrive {request}: a definition"),
            Command::Flush => format!("arrive {request}: flush"),
        },
        Event::CommitLands(group, fate) => {
            format!("group {} of {} writes: {fate:?}", group.id.0, group.writes.len())
        }
        Event::LoadArrives(run, tree) => {
            format!("{run:?} was read: {}", if tree.is_ok() { "well" } else { "not" })
        }
        Event::Client
        | Event::Resend(_)
        | Event::CommitAnswers(_)
        | Event::CommitSettles(_)
        | Event::LoadReads(_)
        | Event::Deliver(_)
        | Event::Wake(_)
        | Event::Crash
        | Event::Stop
        | Event::Recover
        | Event::Begin(_)
        | Event::End(_)
        | Event::Truth(_) => format!("{event:?}"),
    }
}
