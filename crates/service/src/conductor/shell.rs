//! The thin shell around the desk: one task that gives it inputs and the time, and does what it wants done.

use super::commit::{Committed, commit, join};
use super::core::Core;
use super::desk::{Desk, Now, Want};
use super::handle::ConductorSettings;
use super::input::{Answer, Command, Input};
use super::load::{Tree, Unfinished};
use super::pending::Release;
use super::starts::Starts;
use crate::admission::Outlet;
use crate::clock::Clock;
use crate::compiled::Catalogue;
use dayend_engine::codes::RunKey;
use dayend_executor::port::{Executor, Report};
use dayend_store::port::{Group, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The longest sleep while anything is due: the machine's clock may be set in the meantime.
const TIMER_CHECK: Duration = Duration::from_secs(1);

pub(super) type Reply = oneshot::Sender<Answer>;

/// The conductor's task.
pub(super) struct Shell {
    desk: Desk<Reply>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The zero of the steady clock.
    begun: Instant,
    catalogue: Arc<Catalogue>,
    commands: Outlet<(Command, Reply)>,
    reports: mpsc::UnboundedReceiver<Report>,
    requeue: mpsc::UnboundedSender<Report>,
    settings: ConductorSettings,
    commit: Option<JoinHandle<Committed>>,
    read: Option<Read>,
    /// Told by a commit whose fate the store does not say.
    doubt: Arc<Notify>,
    starts: Starts,
    healthy: Arc<AtomicBool>,
    /// A buffer for what the desk wants.
    wants: Vec<Want<Reply>>,
}

/// A run tree that is being read.
struct Read {
    run: RunKey,
    task: JoinHandle<Result<Option<Tree>, StoreError>>,
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
        commands: Outlet<(Command, Reply)>,
        reports: mpsc::UnboundedReceiver<Report>,
        requeue: mpsc::UnboundedSender<Report>,
    ) -> Self {
        Self {
            desk: Desk::new(core, tools.settings),
            store: tools.store,
            clock: tools.clock,
            begun: Instant::now(),
            starts: Starts::new(tools.executor, Arc::clone(&tools.catalogue)),
            catalogue: tools.catalogue,
            commands,
            reports,
            requeue,
            settings: tools.settings,
            commit: None,
            read: None,
            doubt: Arc::default(),
            healthy: tools.healthy,
            wants: Vec::new(),
        }
    }

    /// Makes the attempts of an earlier server this one's.
    pub(super) fn adopt(&mut self, unfinished: Vec<Unfinished>) {
        for unfinished in unfinished {
            self.starts.adopt(unfinished);
        }
    }

    pub(super) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let now = self.now();
            self.desk.go_on(now);
            self.grant();
            if self.desk.is_done() {
                break;
            }
            let wake = wake(self.desk.quiet_for(now));
            let doubt = Arc::clone(&self.doubt);
            let goes_on = !self.desk.is_stopping();
            let takes = goes_on && self.desk.takes_commands();
            tokio::select! {
                biased;
                _ = &mut stopped, if goes_on => self.begin_stopping(),
                done = join(&mut self.commit) => self.finish_commit(done),
                () = doubt.notified() => self.desk.doubtful(),
                found = self.starts.found() => self.starts.hand_over(found),
                (run, tree) = tree_of(&mut self.read), if goes_on => self.loaded(run, tree),
                Some(report) = self.reports.recv(), if goes_on => {
                    self.fold(Input::Report(report));
                    self.take_queued();
                }
                Some((command, reply)) = self.commands.recv(), if takes => {
                    self.fold(Input::Command(command, reply));
                    self.take_queued();
                }
                () = wake, if goes_on => {}
            }
            self.grant();
            if !self.desk.is_stopping() {
                self.desk.tick(self.now());
            }
        }
    }

    fn now(&self) -> Now {
        Now { wall: self.clock.now(), steady: self.begun.elapsed() }
    }

    /// What was asked and reported before still counts; nothing after it does.
    fn begin_stopping(&mut self) {
        self.commands.close();
        while let Ok(report) = self.reports.try_recv() {
            self.fold(Input::Report(report));
        }
        while let Some((command, reply)) = self.commands.try_recv() {
            self.fold(Input::Command(command, reply));
        }
        self.desk.stop();
    }

    /// Takes what is there already, reports and commands in turn, so that neither can starve the other.
    fn take_queued(&mut self) {
        for _ in 0..self.settings.burst {
            let report = self.reports.try_recv().ok();
            let takes = self.desk.takes_commands();
            let command = if takes { self.commands.try_recv() } else { None };
            if report.is_none() && command.is_none() {
                break;
            }
            if let Some(report) = report {
                self.fold(Input::Report(report));
            }
            if let Some((command, reply)) = command {
                self.fold(Input::Command(command, reply));
            }
        }
    }

    fn fold(&mut self, input: Input<Reply>) {
        if matches!(&input, Input::Command(_, reply) if reply.is_closed()) {
            // Whoever asked has gone and was told nothing: nothing is done for nobody.
            return;
        }
        if matches!(input, Input::Command(Command::Flush, _)) {
            // What was reported before the question counts.
            while let Ok(report) = self.reports.try_recv() {
                self.desk.fold(Input::Report(report), self.clock.now());
            }
        }
        self.desk.fold(input, self.clock.now());
    }

    fn finish_commit(&mut self, done: Committed) {
        self.commit = None;
        let done = match done {
            Committed::Done(outcomes) => Ok(outcomes),
            Committed::NotDone(why) => Err(why),
        };
        self.desk.finish_commit(done, self.begun.elapsed());
    }

    fn loaded(&mut self, run: RunKey, tree: Result<Option<Tree>, StoreError>) {
        let now = self.now();
        self.desk.loaded(run, tree, now);
    }

    /// Does what the desk wants done.
    fn grant(&mut self) {
        self.healthy.store(self.desk.is_healthy(), Ordering::Relaxed);
        if self.desk.is_stopping() {
            self.commands.close();
        }
        let mut wants = std::mem::take(&mut self.wants);
        self.desk.take_wants(&mut wants);
        for want in wants.drain(..) {
            match want {
                Want::Commit(group) => self.begin_commit(group),
                Want::Read(run) => self.begin_read(run),
                Want::Release(Release::Start(begin)) => self.starts.start(*begin),
                Want::Release(Release::Stop(id)) => self.starts.stop(id),
                Want::Reply(reply, answer) => {
                    // A caller that went away does not want it.
                    let _ = reply.send(answer);
                }
                Want::Again(report) => {
                    // The receiver is `self`.
                    let _ = self.requeue.send(report);
                }
            }
        }
        // Keeps the buffer.
        self.wants = wants;
    }

    fn begin_commit(&mut self, group: Group) {
        // One for each commit: a doubt about an earlier one says nothing of this one.
        self.doubt = Arc::default();
        let store = Arc::clone(&self.store);
        let doubt = Arc::clone(&self.doubt);
        self.commit = Some(tokio::spawn(commit(store, group, self.settings.retry_pause, doubt)));
    }

    fn begin_read(&mut self, run: RunKey) {
        let (store, catalogue) = (Arc::clone(&self.store), Arc::clone(&self.catalogue));
        let task = tokio::spawn(async move { Tree::read(store.as_ref(), &catalogue, run).await });
        self.read = Some(Read { run, task });
    }
}

fn wake(quiet_for: Option<Duration>) -> impl Future<Output = ()> + 'static {
    let at = quiet_for.map(|quiet_for| Instant::now() + quiet_for.min(TIMER_CHECK));
    async move {
        match at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

/// The tree that was read; never, if none is being read.
async fn tree_of(read: &mut Option<Read>) -> (RunKey, Result<Option<Tree>, StoreError>) {
    let Some(Read { run, task }) = read else { return std::future::pending().await };
    let died = |error| StoreError::Unavailable(format!("reading a run failed: {error}"));
    let done = (*run, task.await.unwrap_or_else(|error| Err(died(error))));
    *read = None;
    done
}
