//! The thin shell around the core: one task that takes inputs, commits what has gathered, and releases what is on disk.

use super::core::{Core, Next, Released};
use super::input::{Answer, Command, Input};
use super::load::{Tree, Unfinished};
use super::pending::Release;
use super::view::Views;
use crate::clock::Clock;
use crate::compiled::Catalogue;
use async_trait::async_trait;
use dayend_engine::codes::{RunKey, Scope};
use dayend_engine::definition::Work;
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Attempt, Executor, Report, Reports};
use dayend_store::port::{CommitError, Group, GroupId, Outcome, Partition, Store, StoreError, VersionKey, Write, WriteError, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Limits of the conductor.
#[derive(Clone, Copy, Debug)]
pub struct ConductorSettings {
    /// Commands that may wait for the core; more are refused.
    pub queue: usize,
    /// Inputs that are folded in before the core looks at anything else.
    pub burst: usize,
}

impl Default for ConductorSettings {
    fn default() -> Self {
        Self { queue: 4096, burst: 4096 }
    }
}

/// The longest pause between two attempts to commit or to load.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// The first pause.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Why the conductor cannot start.
#[derive(Debug, thiserror::Error)]
#[error("the runs cannot be loaded: {0}")]
pub struct StartError(#[from] pub StoreError);

type Reply = oneshot::Sender<Answer>;

/// The conductor of this node.
pub struct Conductor {
    commands: mpsc::Sender<(Command, Reply)>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    /// Views of the live runs.
    pub views: Arc<Views>,
    pub catalogue: Arc<Catalogue>,
    healthy: Arc<AtomicBool>,
    /// The largest definition version number that was in use at the start.
    pub last_version: VersionKey,
}

impl std::fmt::Debug for Conductor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Conductor").field("healthy", &self.healthy).finish_non_exhaustive()
    }
}

/// Executors report into a queue that cannot be full: there are never more reports than attempts times three.
struct ReportQueue(mpsc::UnboundedSender<Report>);

impl Reports for ReportQueue {
    fn report(&self, report: Report) {
        // The conductor is gone only when the process ends; the next one asks the executor again.
        let _ = self.0.send(report);
    }
}

impl Conductor {
    /// Takes over the partition, recovers its live runs, and begins to conduct them.
    pub async fn start<E: Executor + 'static>(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        executor: impl FnOnce(Arc<dyn Reports>) -> Arc<E>,
        settings: ConductorSettings,
    ) -> Result<Arc<Self>, StartError> {
        let (report_sender, reports) = mpsc::unbounded_channel();
        let (commands, command_queue) = mpsc::channel(settings.queue);
        let (stop, stopped) = oneshot::channel();
        let executor: Arc<dyn Executor> = executor(Arc::new(ReportQueue(report_sender.clone())));
        let views = Arc::new(Views::default());
        let catalogue = Arc::new(Catalogue::new(Arc::clone(&store)));
        let takeover = store.take_over(Partition(0)).await?;
        let mut core = Core::new(&takeover, Arc::clone(&views));
        let unfinished = recover(&mut core, store.as_ref(), &catalogue, clock.now()).await?;
        let healthy = Arc::new(AtomicBool::new(true));
        let shell = Shell {
            core,
            store,
            clock,
            executor,
            catalogue: Arc::clone(&catalogue),
            commands: command_queue,
            reports,
            requeue: report_sender,
            settings,
            commit: None,
            loads: tokio::task::JoinSet::new(),
            waiting: BTreeMap::new(),
            healthy: Arc::clone(&healthy),
            pause: RETRY_PAUSE,
            resume_at: None,
            reloading: BTreeSet::new(),
            stopping: false,
        };
        shell.adopt(unfinished);
        let task = tokio::spawn(shell.run(stopped));
        Ok(Arc::new(Self {
            commands,
            stop: Mutex::new(Some(stop)),
            task: tokio::sync::Mutex::new(Some(task)),
            views,
            catalogue,
            healthy,
            last_version: takeover.last_version,
        }))
    }

    /// Whether the last group could be stored.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed) && !self.commands.is_closed()
    }

    /// Submits a command; the answer comes after the commit that it rests on.
    pub async fn command(&self, command: Command) -> Answer {
        let busy = || Answer::NotStored("too many requests wait; try again in a moment".to_owned());
        let (reply, answer) = oneshot::channel();
        if self.commands.try_send((command, reply)).is_err() {
            return busy();
        }
        answer.await.unwrap_or_else(|_| Answer::NotStored("the server is stopping".to_owned()))
    }

    /// Stores what is on its way, then takes nothing more. Running commands go on under their shims.
    pub async fn stop(&self) {
        if let Some(stop) = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // If the task is gone it has stopped already.
            let _ = stop.send(());
        }
        if let Some(task) = self.task.lock().await.take() {
            let _ = task.await;
        }
    }
}

#[async_trait]
impl Writer for Conductor {
    async fn write(&self, write: Write) -> Result<Outcome, WriteError> {
        match self.command(Command::Foreign(Box::new(write))).await {
            Answer::Written(outcome) => Ok(outcome),
            Answer::NotStored(why) => Err(WriteError(why)),
            Answer::Created(_) | Answer::Done | Answer::Rejected(_) | Answer::Raced => {
                Err(WriteError("the conductor answered something else".to_owned()))
            }
        }
    }
}

async fn recover<R>(
    core: &mut Core<R>,
    store: &dyn Store,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Vec<Unfinished>, StoreError> {
    let live = store.live_runs(Partition(0)).await?;
    let mut unfinished = Vec::new();
    let mut seen = BTreeSet::new();
    for row in live {
        let root = row.parent.map_or(row.key, |(group, _)| group);
        if !seen.insert(root) {
            continue;
        }
        if let Some(tree) = Tree::read(store, catalogue, root).await? {
            unfinished.extend(core.insert(tree, now)?);
        }
    }
    if !seen.is_empty() {
        tracing::info!(runs = seen.len(), attempts = unfinished.len(), "recovered the runs that had not ended");
    }
    Ok(unfinished)
}

/// What a commit came to.
enum Committed {
    Done(Vec<Outcome>),
    NotDone(String),
    /// It is on disk, but what became of each write was lost with the answer.
    DoneBlindly,
}

struct Shell {
    core: Core<Reply>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    executor: Arc<dyn Executor>,
    catalogue: Arc<Catalogue>,
    commands: mpsc::Receiver<(Command, Reply)>,
    reports: mpsc::UnboundedReceiver<Report>,
    requeue: mpsc::UnboundedSender<Report>,
    settings: ConductorSettings,
    commit: Option<JoinHandle<Committed>>,
    loads: tokio::task::JoinSet<(RunKey, Result<Option<Tree>, StoreError>)>,
    /// Inputs for runs that are being loaded, by the key that they named.
    waiting: BTreeMap<RunKey, Vec<Input<Reply>>>,
    healthy: Arc<AtomicBool>,
    pause: Duration,
    /// After a failed commit nothing is committed before this.
    resume_at: Option<tokio::time::Instant>,
    /// Runs whose memory was dropped and is being read again.
    reloading: BTreeSet<RunKey>,
    stopping: bool,
}

impl Shell {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            self.begin_commit();
            if self.stopping && self.commit.is_none() {
                break;
            }
            let wake = self.sleep_until_wake();
            tokio::select! {
                biased;
                done = join(&mut self.commit) => self.finish_commit(done),
                Some(loaded) = self.loads.join_next() => self.loaded(loaded),
                Some(report) = self.reports.recv() => self.take_reports(report),
                Some((command, reply)) = self.commands.recv() => self.take_commands(command, reply),
                () = wake => self.tick(),
                _ = &mut stopped, if !self.stopping => {
                    self.stopping = true;
                    self.commands.close();
                }
            }
        }
    }

    fn sleep_until_wake(&self) -> impl Future<Output = ()> + 'static {
        let due = self.core.next_wake().map(|at| {
            let left_us = at.0.saturating_sub(self.clock.now().0).max(0);
            tokio::time::Instant::now() + Duration::from_micros(u64::try_from(left_us).unwrap_or_default())
        });
        let wake = [due, self.resume_at].into_iter().flatten().min();
        async move {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    fn tick(&mut self) {
        if self.resume_at.is_some_and(|at| at <= tokio::time::Instant::now()) {
            self.resume_at = None;
            for root in self.reloading.clone() {
                self.load(root);
            }
        }
        self.core.tick(self.clock.now());
    }

    fn take_reports(&mut self, first: Report) {
        self.fold(Input::Report(first));
        for _ in 0..self.settings.burst {
            let Ok(report) = self.reports.try_recv() else { break };
            self.fold(Input::Report(report));
        }
    }

    fn take_commands(&mut self, command: Command, reply: Reply) {
        self.fold(Input::Command(command, reply));
        for _ in 0..self.settings.burst {
            let Ok((command, reply)) = self.commands.try_recv() else { break };
            self.fold(Input::Command(command, reply));
        }
    }

    fn fold(&mut self, input: Input<Reply>) {
        if self.resume_at.is_some()
            && let Input::Command(_, reply) = input
        {
            answer(reply, Answer::NotStored("the last change could not be stored; trying again".to_owned()));
            return;
        }
        if let Err((run, input)) = self.core.handle(input, self.clock.now()) {
            self.waiting.entry(run).or_default().push(input);
            self.load(run);
        }
    }

    fn load(&mut self, run: RunKey) {
        let (store, catalogue) = (Arc::clone(&self.store), Arc::clone(&self.catalogue));
        self.loads.spawn(async move { (run, Tree::read(store.as_ref(), &catalogue, run).await) });
    }

    fn loaded(&mut self, loaded: Result<(RunKey, Result<Option<Tree>, StoreError>), tokio::task::JoinError>) {
        let (run, tree) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return tracing::error!("loading a run failed: {error}"),
        };
        let now = self.clock.now();
        // The attempts of a run that was in memory before are still being made by this process.
        let inserted = match tree {
            Ok(Some(tree)) => self.core.insert(tree, now).map(|_| true),
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        match inserted {
            Ok(_) => {
                self.reloading.remove(&run);
                for input in self.waiting.remove(&run).unwrap_or_default() {
                    if let Err((_, Input::Command(_, reply))) = self.core.handle(input, now) {
                        self.core.refuse(reply, Answer::Rejected(dayend_engine::run::Rejected::NoSuchNode));
                    }
                }
            }
            Err(error) => self.load_failed(run, &error),
        }
    }

    fn load_failed(&mut self, run: RunKey, error: &StoreError) {
        tracing::error!(run.key = run.0, "a run could not be read: {error}");
        let (commands, reports): (Vec<_>, Vec<_>) =
            self.waiting.remove(&run).unwrap_or_default().into_iter().partition(|input| matches!(input, Input::Command(..)));
        for input in commands {
            if let Input::Command(_, reply) = input {
                answer(reply, Answer::NotStored(error.to_string()));
            }
        }
        if !reports.is_empty() || self.reloading.contains(&run) {
            self.waiting.entry(run).or_default().extend(reports);
            self.reloading.insert(run);
            self.back_off();
        }
    }

    fn begin_commit(&mut self) {
        if self.commit.is_some() || self.resume_at.is_some() {
            return;
        }
        match self.core.next(self.clock.now()) {
            Next::Nothing => {}
            Next::Answer(released) => self.release(released),
            Next::Commit(group) => {
                let store = Arc::clone(&self.store);
                self.commit = Some(tokio::spawn(async move { commit(store.as_ref(), group).await }));
            }
        }
    }

    fn finish_commit(&mut self, done: Committed) {
        self.commit = None;
        match done {
            Committed::Done(outcomes) => {
                self.pause = RETRY_PAUSE;
                self.healthy.store(true, Ordering::Relaxed);
                let released = self.core.committed(outcomes);
                self.release(released);
            }
            Committed::DoneBlindly => {
                // The memory may differ from the disk where a guard did not hold: read it again.
                let released = self.core.not_done("it is not known whether the change was stored; ask for the run's status");
                self.release(released);
            }
            Committed::NotDone(why) => {
                tracing::error!("a group of changes was not stored: {why}");
                self.healthy.store(false, Ordering::Relaxed);
                let released = self.core.not_done(&why);
                self.back_off();
                self.release(released);
            }
        }
    }

    fn back_off(&mut self) {
        self.resume_at = Some(tokio::time::Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
    }

    fn release(&mut self, released: Released<Reply>) {
        if released.fenced {
            tracing::error!("another server took over the database: this one stops conducting");
            self.stopping = true;
            self.commands.close();
        }
        for (reply, reply_with) in released.replies {
            answer(reply, reply_with);
        }
        for release in released.releases {
            match release {
                Release::Start(attempt) => self.start(attempt),
                Release::Stop(id) => self.executor.stop(id),
            }
        }
        for root in released.reload {
            self.reloading.insert(root);
            if self.resume_at.is_none() {
                self.load(root);
            }
        }
        for report in released.reports {
            // The receiver is `self`.
            let _ = self.requeue.send(report);
        }
    }

    /// Starts an attempt; one that needs a connection waits for it without holding up the others.
    fn start(&self, attempt: Attempt) {
        let Some((scope, code)) = self.connection_of(&attempt) else { return self.executor.start(attempt) };
        let (catalogue, executor) = (Arc::clone(&self.catalogue), Arc::clone(&self.executor));
        tokio::spawn(async move {
            let connection = Some(catalogue.connection(&scope, &code).await);
            executor.start(Attempt { connection, ..attempt });
        });
    }

    fn adopt(&self, unfinished: Vec<Unfinished>) {
        for Unfinished { attempt, stopping } in unfinished {
            let connection_of = self.connection_of(&attempt);
            let (catalogue, executor) = (Arc::clone(&self.catalogue), Arc::clone(&self.executor));
            tokio::spawn(async move {
                let connection = match connection_of {
                    Some((scope, code)) => Some(catalogue.connection(&scope, &code).await),
                    None => None,
                };
                let id = attempt.id;
                executor.adopt(Attempt { connection, ..attempt });
                if stopping {
                    executor.stop(id);
                }
            });
        }
    }

    fn connection_of(&self, attempt: &Attempt) -> Option<(Scope, dayend_engine::codes::Code)> {
        let code = match &attempt.task().work {
            Work::Sql(sql) => Some(&sql.connection),
            Work::Http(http) => http.connection.as_ref(),
            Work::Noop | Work::Command(_) => None,
        };
        code.zip(self.core.scope_of(attempt.id.run)).map(|(code, scope)| (scope, code.clone()))
    }
}

fn answer(reply: Reply, with: Answer) {
    // A caller that went away does not want it.
    let _ = reply.send(with);
}

/// The result of the commit under way; never, if there is none.
async fn join(commit: &mut Option<JoinHandle<Committed>>) -> Committed {
    match commit {
        Some(task) => task.await.unwrap_or_else(|error| Committed::NotDone(format!("the commit failed: {error}"))),
        None => std::future::pending().await,
    }
}

async fn commit(store: &dyn Store, group: Group) -> Committed {
    let id = group.id;
    match store.commit(group).await {
        Ok(outcomes) => Committed::Done(outcomes),
        Err(CommitError::NotDone(error)) => Committed::NotDone(error.to_string()),
        Err(CommitError::Unknown(error)) => {
            tracing::warn!(group = id.0, "the answer to a commit was lost: {error}");
            settle(store, id).await
        }
    }
}

/// Asks until the store says what became of a group: it is never sent again blindly.
async fn settle(store: &dyn Store, id: GroupId) -> Committed {
    let mut pause = RETRY_PAUSE;
    loop {
        match store.was_committed(id).await {
            Ok(true) => return Committed::DoneBlindly,
            Ok(false) => return Committed::NotDone("the database lost the connection before the commit".to_owned()),
            Err(error) => tracing::warn!(group = id.0, "the fate of a commit is not known yet: {error}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_PAUSE_MAX);
    }
}
