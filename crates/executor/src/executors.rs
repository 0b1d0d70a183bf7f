//! All executors of a node behind one door.

use crate::attempt_dir::AttemptDir;
use crate::callback::{self, CALLBACK_PATH, CallbackError};
use crate::files::{FileArea, Waits};
use crate::http::Http;
use crate::http::answer;
use crate::live::{Live, Order, Phase};
use crate::port::{Attempt, Executor, Fact, Outcome, Report, Reports};
use crate::settings::Settings;
use crate::slots::FairSlots;
use crate::{command, files, http, shim, sql};
use dayend_engine::codes::{AttemptId, Scope};
use dayend_engine::definition::Work;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SetOnce};

/// How many attempts look for files at a time: each look asks the store.
const LOOKS_MAX: usize = 8;

/// Starts, stops and adopts attempts of every kind of task.
pub struct Executors {
    shared: Arc<Shared>,
    reports: Arc<dyn Reports>,
    runtime: Handle,
    closed: AtomicBool,
}

/// What all attempts of a node share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) live: Live,
    pub(crate) command_slots: FairSlots,
    pub(crate) sql_slots: FairSlots,
    pub(crate) http: Http,
    pub(crate) shim: shim::Program,
    pub(crate) waits: Waits,
    /// How many look for files at a time.
    pub(crate) looks: Semaphore,
    area: SetOnce<Arc<dyn FileArea>>,
}

impl Shared {
    pub(crate) fn dir(&self, id: AttemptId) -> AttemptDir {
        AttemptDir::of(&self.settings.attempts_dir, id)
    }

    /// The file exchange; a server that starts has attempts before it has one.
    pub(crate) async fn area(&self) -> Arc<dyn FileArea> {
        Arc::clone(self.area.wait().await)
    }

    /// Ends an attempt that was told to end before it got a slot.
    pub(crate) fn never_started(&self, id: AttemptId, order: Order) {
        match order {
            Order::Stop => self.live.end(id, Outcome::Failed, "stopped before it started"),
            Order::Leave | Order::GoOn => {}
        }
    }

    pub(crate) fn callback_url(&self, id: AttemptId) -> String {
        let base = self.settings.base_url.trim_end_matches('/');
        format!("{base}{CALLBACK_PATH}{}", callback::token(&self.settings.callback_key, id))
    }
}

impl Executors {
    /// Reads a document from the network for the server itself, under the rules of HTTP tasks; `ca_file` is trusted instead
    /// of the system's authorities.
    pub async fn document(&self, url: &str, ca_file: Option<&str>) -> Result<Vec<u8>, String> {
        self.shared.http.document(url, ca_file).await
    }

    /// The executors of this node. Must be called on a tokio runtime, on which the attempts then run.
    pub fn new(settings: Settings, reports: Arc<dyn Reports>) -> Arc<Self> {
        let settings = absolute(settings);
        let shared = Shared {
            live: Live::new(Arc::clone(&reports), settings.now),
            command_slots: FairSlots::new(settings.limits.commands),
            sql_slots: FairSlots::new(settings.limits.sql),
            http: Http::new(&settings),
            shim: shim::Program::new(settings.command.shim.as_deref()),
            waits: Waits::default(),
            looks: Semaphore::new(LOOKS_MAX),
            area: SetOnce::new(),
            settings,
        };
        Arc::new(Self {
            shared: Arc::new(shared),
            reports,
            runtime: Handle::current(),
            closed: AtomicBool::new(false),
        })
    }

    /// Takes the result of an asynchronous HTTP attempt that was posted to its one-time URL.
    pub fn callback(&self, token: &str, body: &[u8]) -> Result<(), CallbackError> {
        let id = callback::verify(&self.shared.settings.callback_key, token)?;
        if !self.shared.live.is_live(id) {
            return Err(CallbackError::NotRunning);
        }
        let (outcome, message) = answer::final_status(body).map_err(CallbackError::Unreadable)?;
        if self.shared.live.ended(id, outcome, &message) {
            Ok(())
        } else {
            Err(CallbackError::NotRunning)
        }
    }

    /// Says where files are. Attempts that have to do with files wait until this is said, once.
    pub fn use_files(&self, area: Arc<dyn FileArea>) {
        if self.shared.area.set(area).is_err() {
            tracing::error!("the file exchange was named twice");
        }
    }

    /// Tells those that wait for it that a file is there, whole, or was replaced.
    pub fn file_arrived(&self, scope: &Scope, name: &str) {
        self.shared.waits.arrived(scope, name);
    }

    /// Where an endpoint may post the result of this attempt.
    pub fn callback_url(&self, id: AttemptId) -> String {
        self.shared.callback_url(id)
    }

    /// Bytes of an attempt's log from `offset` on, and where the next piece begins. None: there is no log.
    /// Reads the disk: call it where blocking is allowed.
    pub fn log(
        &self,
        id: AttemptId,
        offset: u64,
        limit: usize,
    ) -> io::Result<Option<(Vec<u8>, u64)>> {
        self.shared.dir(id).read_log(offset, limit)
    }

    /// Lets in-process attempts finish for a moment, then reports the rest of them lost. Commands go on under their
    /// shims and asynchronous HTTP attempts at their endpoints: they are left for whoever adopts them.
    pub async fn shutdown(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let live = &self.shared.live;
        // Queued attempts exist in this process only. The next one finds out that they never started.
        live.leave(Phase::Queued);
        live.leave(Phase::Outside);
        let drained = tokio::time::timeout(self.shared.settings.drain, live.drained()).await;
        live.leave(Phase::Outside);
        if drained.is_err() {
            live.lose_all("the server stopped before the attempt ended");
        }
    }

    pub(crate) fn attempts_dir(&self) -> &Path {
        &self.shared.settings.attempts_dir
    }

    pub(crate) fn is_live(&self, id: AttemptId) -> bool {
        self.shared.live.is_live(id)
    }

    fn enter(&self, id: AttemptId) -> Option<crate::live::Orders> {
        if self.closed.load(Ordering::SeqCst) {
            tracing::debug!(?id, "an attempt is left to the next server because this one stops");
            return None;
        }
        let orders = self.shared.live.enter(id, Phase::Queued);
        if orders.is_none() {
            tracing::warn!(?id, "an attempt that is under way already was not started again");
        }
        orders
    }

    fn spawn(&self, id: AttemptId, work: impl Future<Output = ()> + Send + 'static) {
        let guard = LostOnPanic { shared: Arc::clone(&self.shared), id };
        self.runtime.spawn(async move {
            let _guard = guard;
            work.await;
        });
    }

    fn end_noop(&self, id: AttemptId) {
        let fact = Fact::Ended { outcome: Outcome::Succeeded, message: String::new() };
        self.reports.report(Report { id, at: (self.shared.settings.now)(), fact });
    }
}

impl Executor for Executors {
    fn start(&self, attempt: Attempt) {
        let id = attempt.id;
        let work = attempt.spec().work;
        if work == Work::Noop {
            return self.end_noop(id);
        }
        let Some(orders) = self.enter(id) else { return };
        let shared = Arc::clone(&self.shared);
        match work {
            Work::Noop => {}
            Work::Command(work) => self.spawn(id, command::run(shared, attempt, work, orders)),
            Work::Http(work) => self.spawn(id, http::run(shared, attempt, work, orders)),
            Work::Sql(work) => self.spawn(id, sql::run(shared, attempt, work, orders)),
            Work::File(work) => self.spawn(id, files::run(shared, attempt, work, orders)),
        }
    }

    fn stop(&self, id: AttemptId) {
        self.shared.live.stop(id);
    }

    fn adopt(&self, attempt: Attempt) {
        let id = attempt.id;
        let work = attempt.spec().work;
        if work == Work::Noop {
            return self.end_noop(id);
        }
        let Some(orders) = self.enter(id) else { return };
        let shared = Arc::clone(&self.shared);
        match work {
            Work::Noop => {}
            Work::Command(work) => self.spawn(id, command::adopt(shared, attempt, work, orders)),
            Work::Http(work) => self.spawn(id, http::adopt(shared, attempt, work, orders)),
            Work::File(work) => self.spawn(id, files::run(shared, attempt, work, orders)),
            Work::Sql(_) => {
                self.shared.live.end(
                    id,
                    Outcome::Lost,
                    "the server stopped while the statement ran",
                );
            }
        }
    }
}

impl fmt::Debug for Executors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Executors").field("live", &self.shared.live).finish_non_exhaustive()
    }
}

/// A defect of ours must not leave a task running for ever.
struct LostOnPanic {
    shared: Arc<Shared>,
    id: AttemptId,
}

impl Drop for LostOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.live.end(self.id, Outcome::Lost, "the executor failed: internal error");
        }
    }
}

/// Shims do not share our current directory.
fn absolute(mut settings: Settings) -> Settings {
    for path in [&mut settings.attempts_dir, &mut settings.work_dir, &mut settings.command.dir] {
        if let Ok(full) = std::path::absolute(&*path) {
            *path = full;
        }
    }
    settings
}
