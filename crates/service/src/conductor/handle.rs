//! The conductor as everybody else sees it: commands go in, answers come back once they are on disk.

use super::commit::RETRY_PAUSE;
use super::core::Core;
use super::input::{Answer, Command};
use super::load::{Tree, Unfinished};
use super::shell::{Reply, Shell, Tools};
use super::view::Views;
use crate::admission::{Intake, NotTaken, QueueLimits, intake, lane, places};
use crate::clock::Clock;
use crate::compiled::Catalogue;
use async_trait::async_trait;
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Executor, Report, Reports};
use dayend_store::port::{
    Outcome, Partition, Store, StoreError, VersionKey, Write, WriteError, Writer,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Nobody waits longer than this for an answer to a trigger or a verb.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What is said when it is not known in time what became of a command.
pub(super) const UNKNOWN: &str = "it is not known yet whether this was stored: ask for the run's status, or repeat it with the same key";

/// Limits of the conductor.
#[derive(Clone, Copy, Debug)]
pub struct ConductorSettings {
    /// What may wait for the core; more is refused.
    pub queue: QueueLimits,
    /// Places of commands, and reports, that are folded in before the core looks at anything else.
    pub burst: usize,
    /// The first pause before something that failed is tried again; it doubles each time, up to two seconds.
    pub retry_pause: Duration,
}

impl Default for ConductorSettings {
    fn default() -> Self {
        Self { queue: QueueLimits::default(), burst: 4096, retry_pause: RETRY_PAUSE }
    }
}

/// Why the conductor cannot start.
#[derive(Debug, thiserror::Error)]
#[error("the runs cannot be loaded: {0}")]
pub struct StartError(#[from] pub StoreError);

/// The conductor of this node.
pub struct Conductor {
    commands: Intake<(Command, Reply)>,
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
        let (commands, command_queue) = intake(settings.queue);
        let (stop, stopped) = oneshot::channel();
        let executor: Arc<dyn Executor> = executor(Arc::new(ReportQueue(report_sender.clone())));
        let views = Arc::new(Views::default());
        let catalogue = Arc::new(Catalogue::new(Arc::clone(&store)));
        let takeover = store.take_over(Partition(0)).await?;
        let mut core = Core::new(&takeover, Arc::clone(&views));
        let unfinished = recover(&mut core, store.as_ref(), &catalogue, clock.now()).await?;
        let healthy = Arc::new(AtomicBool::new(true));
        let tools = Tools {
            store,
            clock,
            executor,
            catalogue: Arc::clone(&catalogue),
            healthy: Arc::clone(&healthy),
            settings,
        };
        let mut shell = Shell::new(core, tools, command_queue, reports, report_sender);
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

    /// Submits a command in the turn of a tenant (`""`: Dayend's own); the answer comes after the commit that it rests on.
    pub async fn command(&self, tenant: &str, command: Command) -> Result<Answer, NotTaken> {
        let patient = matches!(command, Command::Foreign(_) | Command::Flush);
        let (reply, answer) = oneshot::channel();
        self.commands.offer(tenant, places(&command), (command, reply))?;
        let answered = if patient {
            answer.await
        } else {
            match timeout(ANSWER_WITHIN, answer).await {
                Ok(answered) => answered,
                Err(_) => return Ok(Answer::InDoubt(UNKNOWN.to_owned())),
            }
        };
        // Without an answer it was never looked at: it had to give way, or the server stops.
        answered.map_err(
            |_| {
                if self.commands.is_closed() { NotTaken::Closed } else { NotTaken::Full }
            },
        )
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
        let tenant = lane(&write).to_owned();
        match self.command(&tenant, Command::Foreign(Box::new(write))).await {
            Ok(Answer::Written(outcome)) => Ok(outcome),
            Ok(Answer::NotStored(why) | Answer::InDoubt(why)) => Err(WriteError(why)),
            Err(not_taken) => Err(WriteError(not_taken.to_string())),
            Ok(Answer::Created(_) | Answer::Done | Answer::Rejected(_) | Answer::Raced) => {
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
            unfinished.extend(core.recover(tree, now)?);
        }
    }
    if !seen.is_empty() {
        tracing::info!(
            runs = seen.len(),
            attempts = unfinished.len(),
            "recovered the runs that had not ended"
        );
    }
    Ok(unfinished)
}
