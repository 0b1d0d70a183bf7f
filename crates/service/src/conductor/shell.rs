//! The thin shell around the core: one task that takes inputs, commits what has gathered, and releases what is on disk.

use super::commit::{Committed, RETRY_PAUSE_MAX, commit, join};
use super::core::{Core, Next, Released};
use super::handle::ConductorSettings;
use super::input::{Answer, Command, Input};
use super::load::{Tree, Unfinished};
use super::loads::Loads;
use super::pending::Release;
use super::starts::Starts;
use crate::clock::Clock;
use crate::compiled::Catalogue;
use dayend_engine::codes::RunKey;
use dayend_engine::run::Rejected;
use dayend_executor::port::{Executor, Report};
use dayend_store::port::{Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The longest sleep while a timer is armed.
const TIMER_CHECK: Duration = Duration::from_secs(1);

pub(super) type Reply = oneshot::Sender<Answer>;

/// The conductor's task.
pub(super) struct Shell {
    core: Core<Reply>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    catalogue: Arc<Catalogue>,
    commands: mpsc::Receiver<(Command, Reply)>,
    reports: mpsc::UnboundedReceiver<Report>,
    requeue: mpsc::UnboundedSender<Report>,
    settings: ConductorSettings,
    commit: Option<JoinHandle<Committed>>,
    /// Told by a commit whose fate the store does not say.
    doubt: Arc<Notify>,
    in_doubt: bool,
    /// Commands in the open group.
    gathered: usize,
    loads: Loads,
    starts: Starts,
    healthy: Arc<AtomicBool>,
    pause: Duration,
    /// After a failed commit nothing is committed before this.
    resume_at: Option<Instant>,
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
            starts: Starts::new(tools.executor, Arc::clone(&tools.catalogue)),
            catalogue: tools.catalogue,
            commands,
            reports,
            requeue,
            settings: tools.settings,
            commit: None,
            doubt: Arc::default(),
            in_doubt: false,
            gathered: 0,
            loads: Loads::new(tools.settings.retry_pause),
            healthy: tools.healthy,
            pause: tools.settings.retry_pause,
            resume_at: None,
            stopping: false,
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
            self.begin_load();
            // Last, so that nothing that was folded in stays uncommitted while the task sleeps.
            self.begin_commit();
            if self.stopping && self.commit.is_none() {
                break;
            }
            let wake = self.sleep_until_wake();
            let doubt = Arc::clone(&self.doubt);
            let takes = !self.stopping && (self.in_doubt || self.takes_commands());
            let goes_on = !self.stopping;
            tokio::select! {
                biased;
                _ = &mut stopped, if goes_on => self.begin_stopping(),
                done = join(&mut self.commit) => self.finish_commit(done),
                () = doubt.notified() => self.doubtful(),
                found = self.starts.found() => self.starts.hand_over(found),
                (run, tree) = self.loads.done(), if goes_on => self.loaded(run, tree),
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
            if !self.stopping {
                self.tick();
            }
        }
    }

    /// What was asked and reported before still counts; nothing after it does.
    fn begin_stopping(&mut self) {
        self.commands.close();
        while let Ok(report) = self.reports.try_recv() {
            self.fold(Input::Report(report));
        }
        while let Ok((command, reply)) = self.commands.try_recv() {
            self.fold(Input::Command(command, reply));
        }
        self.stopping = true;
    }

    fn sleep_until_wake(&self) -> impl Future<Output = ()> + 'static {
        let due = self.core.next_wake().map(|at| {
            let left_us = at.0.saturating_sub(self.clock.now().0).max(0);
            let left = Duration::from_micros(u64::try_from(left_us).unwrap_or_default());
            // Looked at again soon, because the machine's clock may be set in the meantime.
            Instant::now() + left.min(TIMER_CHECK)
        });
        let wake = [due, self.resume_at, self.loads.retry_at()].into_iter().flatten().min();
        async move {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    fn tick(&mut self) {
        if self.resume_at.is_some_and(|at| at <= Instant::now()) {
            self.resume_at = None;
        }
        self.loads.retry();
        self.core.tick(self.clock.now());
    }

    /// Takes what is there already, reports and commands in turn, so that neither can starve the other.
    fn take_queued(&mut self) {
        for _ in 0..self.settings.burst {
            let report = self.reports.try_recv().ok();
            let command = if self.takes_commands() { self.commands.try_recv().ok() } else { None };
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

    /// While a group is full, commands wait in their queue, which refuses them when it is full too.
    fn takes_commands(&self) -> bool {
        self.gathered < self.settings.burst || self.resume_at.is_some()
    }

    fn fold(&mut self, input: Input<Reply>) {
        let Input::Command(command, reply) = input else {
            return self.hand_to_core(input);
        };
        if self.resume_at.is_some() || self.in_doubt {
            let why = "the last change could not be stored; trying again".to_owned();
            return answer(reply, Answer::NotStored(why));
        }
        self.gathered += 1;
        if matches!(command, Command::Flush) {
            // What was reported before the question counts.
            while let Ok(report) = self.reports.try_recv() {
                self.hand_to_core(Input::Report(report));
            }
            if let Err(reply) = self.loads.wait_for_all(reply) {
                self.hand_to_core(Input::Command(command, reply));
            }
            return;
        }
        self.hand_to_core(Input::Command(command, reply));
    }

    fn hand_to_core(&mut self, input: Input<Reply>) {
        if let Err(unknown) = self.core.handle(input, self.clock.now()) {
            let (run, input) = *unknown;
            self.loads.wait(run, input);
        }
    }

    /// Reads the next run that is wanted in memory and is not there yet.
    fn begin_load(&mut self) {
        if self.resume_at.is_some() {
            return;
        }
        while let Some(run) = self.loads.next() {
            if self.core.knows(run) {
                self.fold_waiting(run);
            } else {
                self.loads.read(run, &self.store, &self.catalogue);
                return;
            }
        }
    }

    fn loaded(&mut self, run: RunKey, tree: Result<Option<Tree>, StoreError>) {
        let taken_in = match tree {
            Ok(Some(tree)) => self.core.insert(tree, self.clock.now()),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match taken_in {
            Ok(()) => self.fold_waiting(run),
            Err(error) => {
                tracing::error!(run.key = run.0, "a run could not be read: {error}");
                self.loads.failed(run, &error);
            }
        }
    }

    fn fold_waiting(&mut self, run: RunKey) {
        self.loads.succeeded(run);
        for input in self.loads.take(run) {
            if let Err(unknown) = self.core.handle(input, self.clock.now())
                && let (_, Input::Command(_, reply)) = *unknown
            {
                self.core.refuse(reply, Answer::Rejected(Rejected::NoSuchNode));
            }
        }
        for reply in self.loads.take_flushes() {
            self.core.refuse(reply, Answer::Done);
        }
        // A run that was only looked at need not stay.
        self.core.evict(&BTreeSet::from([run]));
    }

    fn begin_commit(&mut self) {
        if self.commit.is_some() || self.resume_at.is_some() {
            return;
        }
        self.gathered = 0;
        // After a failure even nothing is committed, to learn whether the store works again.
        let probe = !self.healthy.load(Ordering::Relaxed) && !self.stopping;
        match self.core.next(self.clock.now(), probe) {
            Next::Nothing => {}
            Next::Answer(released) => self.release(released),
            Next::Commit(group) => {
                // One for each commit: a doubt about an earlier one says nothing of this one.
                self.doubt = Arc::default();
                let committing = commit(
                    Arc::clone(&self.store),
                    group,
                    self.settings.retry_pause,
                    Arc::clone(&self.doubt),
                );
                self.commit = Some(tokio::spawn(committing));
            }
        }
    }

    /// The store does not say what became of the group under way. Nobody is kept waiting for that.
    fn doubtful(&mut self) {
        if self.commit.is_none() {
            return;
        }
        self.in_doubt = true;
        self.healthy.store(false, Ordering::Relaxed);
        for reply in self.core.take_replies() {
            let why = "it is not known yet whether this was stored: ask for the run's status, or repeat it with the same key";
            answer(reply, Answer::NotStored(why.to_owned()));
        }
    }

    fn finish_commit(&mut self, done: Committed) {
        self.commit = None;
        self.in_doubt = false;
        match done {
            Committed::Done(outcomes) => {
                self.pause = self.settings.retry_pause;
                self.healthy.store(true, Ordering::Relaxed);
                let released = self.core.committed(outcomes);
                self.release(released);
            }
            Committed::NotDone(why) => {
                tracing::error!("a group of changes was not stored: {why}");
                self.healthy.store(false, Ordering::Relaxed);
                let released = self.core.not_done(&why);
                self.resume_at = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
                self.release(released);
            }
        }
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
                Release::Start(begin) => self.starts.start(*begin),
                Release::Stop(id) => self.starts.stop(id),
            }
        }
        for root in released.reload {
            self.loads.want_again(root);
        }
        for report in released.reports {
            // The receiver is `self`.
            let _ = self.requeue.send(report);
        }
    }
}

pub(super) fn answer(reply: Reply, with: Answer) {
    // A caller that went away does not want it.
    let _ = reply.send(with);
}
