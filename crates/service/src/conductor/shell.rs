//! The thin shell around the core: one task that takes inputs, commits what has gathered, and releases what is on disk.

use super::commit::{Committed, RETRY_PAUSE, RETRY_PAUSE_MAX, commit, join};
use super::core::{Core, Next, Released};
use super::handle::ConductorSettings;
use super::input::{Answer, Command, Input};
use super::load::{Tree, Unfinished};
use super::pending::Release;
use crate::clock::Clock;
use crate::compiled::Catalogue;
use dayend_engine::codes::{Code, RunKey, Scope};
use dayend_engine::definition::Work;
use dayend_engine::run::Rejected;
use dayend_executor::port::{Attempt, Executor, Report};
use dayend_store::port::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The longest sleep while a timer is armed.
const TIMER_CHECK: Duration = Duration::from_secs(1);

pub(super) type Reply = oneshot::Sender<Answer>;

/// The conductor's task.
pub(super) struct Shell {
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

/// What the shell works with.
pub(super) struct Tools {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub executor: Arc<dyn Executor>,
    pub catalogue: Arc<Catalogue>,
    pub healthy: Arc<AtomicBool>,
    pub settings: ConductorSettings,
}

impl Shell {
    pub(super) fn new(
        core: Core<Reply>,
        tools: Tools,
        commands: mpsc::Receiver<(Command, Reply)>,
        reports: mpsc::UnboundedReceiver<Report>,
        requeue: mpsc::UnboundedSender<Report>,
    ) -> Self {
        Self {
            core,
            store: tools.store,
            clock: tools.clock,
            executor: tools.executor,
            catalogue: tools.catalogue,
            commands,
            reports,
            requeue,
            settings: tools.settings,
            commit: None,
            loads: tokio::task::JoinSet::new(),
            waiting: BTreeMap::new(),
            healthy: tools.healthy,
            pause: RETRY_PAUSE,
            resume_at: None,
            reloading: BTreeSet::new(),
            stopping: false,
        }
    }

    pub(super) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
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
            let left = Duration::from_micros(u64::try_from(left_us).unwrap_or_default());
            // Looked at again soon, because the machine's clock may be set in the meantime.
            tokio::time::Instant::now() + left.min(TIMER_CHECK)
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
        if matches!(input, Input::Command(Command::Flush, _)) {
            // What was reported before the question counts.
            while let Ok(report) = self.reports.try_recv() {
                self.fold(Input::Report(report));
            }
        }
        if self.resume_at.is_some()
            && let Input::Command(_, reply) = input
        {
            answer(
                reply,
                Answer::NotStored("the last change could not be stored; trying again".to_owned()),
            );
            return;
        }
        if let Err(unknown) = self.core.handle(input, self.clock.now()) {
            let (run, input) = *unknown;
            self.waiting.entry(run).or_default().push(input);
            self.load(run);
        }
    }

    fn load(&mut self, run: RunKey) {
        let (store, catalogue) = (Arc::clone(&self.store), Arc::clone(&self.catalogue));
        self.loads.spawn(async move { (run, Tree::read(store.as_ref(), &catalogue, run).await) });
    }

    fn loaded(
        &mut self,
        loaded: Result<(RunKey, Result<Option<Tree>, StoreError>), tokio::task::JoinError>,
    ) {
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
                    if let Err(unknown) = self.core.handle(input, now)
                        && let (_, Input::Command(_, reply)) = *unknown
                    {
                        self.core.refuse(reply, Answer::Rejected(Rejected::NoSuchNode));
                    }
                }
                // A run that was only looked at need not stay.
                self.core.evict(&BTreeSet::from([run]));
            }
            Err(error) => self.load_failed(run, &error),
        }
    }

    fn load_failed(&mut self, run: RunKey, error: &StoreError) {
        tracing::error!(run.key = run.0, "a run could not be read: {error}");
        let (commands, reports): (Vec<_>, Vec<_>) = self
            .waiting
            .remove(&run)
            .unwrap_or_default()
            .into_iter()
            .partition(|input| matches!(input, Input::Command(..)));
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
                self.commit =
                    Some(tokio::spawn(async move { commit(store.as_ref(), group).await }));
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
                let released = self.core.not_done(
                    "it is not known whether the change was stored; ask for the run's status",
                );
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
        let Some((scope, code)) = self.connection_of(&attempt) else {
            return self.executor.start(attempt);
        };
        let (catalogue, executor) = (Arc::clone(&self.catalogue), Arc::clone(&self.executor));
        tokio::spawn(async move {
            let connection = Some(catalogue.connection(&scope, &code).await);
            executor.start(Attempt { connection, ..attempt });
        });
    }

    pub(super) fn adopt(&self, unfinished: Vec<Unfinished>) {
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

    fn connection_of(&self, attempt: &Attempt) -> Option<(Scope, Code)> {
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
