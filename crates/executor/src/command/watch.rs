//! Follows a command to its end, through its shim.

use crate::attempt_dir::{AttemptDir, changed_at};
use crate::command::inputs::{Inputs, blocking};
use crate::command::launch::{self, NotLaunched, ask_to_stop};
use crate::command::outputs::Outputs;
use crate::executors::Shared;
use crate::live::{Order, Orders, Phase};
use crate::port::{Attempt, FileNote, Outcome};
use crate::shim::outcome::WrittenOutcome;
use dayend_engine::codes::AttemptId;
use dayend_engine::definition::CommandWork;
use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Child;
use tokio::sync::oneshot;

/// How much longer than the grace a shim may take to stop its command before it is taken for stuck.
const SHIM_SLACK: Duration = Duration::from_secs(30);
/// Enough for a thread that only waits for a lock.
const WATCHER_STACK_BYTES: usize = 128 * 1024;

/// Waits for a free slot, then runs the command to its end.
pub(crate) async fn run(
    shared: Arc<Shared>,
    attempt: Attempt,
    work: CommandWork,
    mut orders: Orders,
) {
    let id = attempt.id;
    let _slot = tokio::select! {
        biased;
        order = orders.changed() => return shared.never_started(id, order),
        slot = shared.command_slots.acquire(&attempt.tenant) => slot,
    };
    // In a box of its own: most of a hundred thousand attempts only wait.
    Box::pin(go(shared, attempt, work, orders)).await;
}

async fn go(shared: Arc<Shared>, attempt: Attempt, work: CommandWork, mut orders: Orders) {
    let id = attempt.id;
    let dir = shared.dir(id);
    let attempt = Arc::new(attempt);
    match launch(&shared, &dir, &attempt, &work, &mut orders).await {
        Launched::Started(shim) => {
            shared.live.set_phase(id, Phase::Outside);
            if work.files.inputs.is_empty() {
                shared.live.started(id, (shared.settings.now)());
            }
            follow_child(&shared, &attempt, &work, &dir, shim, orders).await;
        }
        Launched::Not(refused) => shared.live.end(id, refused.outcome, &refused.message),
        Launched::Ordered(order) => shared.never_started(id, order),
    }
}

/// What became of starting a shim.
enum Launched {
    Started(Child),
    Not(NotLaunched),
    /// It was told to stop, or to be left to the next server, before.
    Ordered(Order),
}

async fn launch(
    shared: &Arc<Shared>,
    dir: &AttemptDir,
    attempt: &Arc<Attempt>,
    work: &CommandWork,
    orders: &mut Orders,
) -> Launched {
    let (has_inputs, laying_out) = (!work.files.inputs.is_empty(), work.clone());
    let (with, at, of) = (Arc::clone(shared), dir.clone(), Arc::clone(attempt));
    let laid_out = move || {
        let user = launch::lay_out(&with.settings, &at, &of, &laying_out)?;
        let shim = if has_inputs { None } else { Some(launch::start(&with, &at)?) };
        Ok((user, shim))
    };
    let user = match spawned(laid_out).await {
        Ok((_, Some(shim))) => return Launched::Started(shim),
        Ok((user, None)) => user,
        Err(refused) => return Launched::Not(refused),
    };
    // Fetching takes of the attempt's time.
    shared.live.started(attempt.id, (shared.settings.now)());
    let inputs = Inputs { shared, attempt, dir, user };
    let fetched = tokio::select! {
        biased;
        order = orders.changed() => Err(Launched::Ordered(order)),
        fetched = inputs.fetch(&work.files.inputs) => fetched.map_err(|why| Launched::Not(NotLaunched::failed(why))),
    };
    let (with, at) = (Arc::clone(shared), dir.clone());
    if let Err(ended) = fetched {
        // What is left of an attempt that never started is of no use to anybody.
        let _ = tokio::task::spawn_blocking(move || at.clear_cwd()).await;
        return ended;
    }
    match spawned(move || launch::start(&with, &at)).await {
        Ok(shim) => Launched::Started(shim),
        Err(refused) => Launched::Not(refused),
    }
}

async fn spawned<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NotLaunched> + Send + 'static,
) -> Result<T, NotLaunched> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        let message = "the command could not be launched: internal error".to_owned();
        Err(NotLaunched { outcome: Outcome::Lost, message })
    })
}

async fn follow_child(
    shared: &Shared,
    attempt: &Attempt,
    work: &CommandWork,
    dir: &AttemptDir,
    mut shim: Child,
    mut orders: Orders,
) {
    let status = tokio::select! {
        status = shim.wait() => status,
        order = orders.changed() => match order {
            Order::Stop => stop_child(shared, dir, &mut shim).await,
            Order::Leave | Order::GoOn => return,
        },
    };
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    let at = dir.clone();
    let found = tokio::task::spawn_blocking(move || resolve(&at, &how)).await;
    let found =
        found.unwrap_or_else(|_| Found::lost("the outcome could not be read: internal error"));
    // A shim of ours that gives up before the command would do so again: a failure like any other.
    let outcome = if found.outcome == Outcome::Void { Outcome::Failed } else { found.outcome };
    // The file's time is coarser than the clock: it may lie before the start that was reported.
    let found = Found { at: None, outcome, ..found };
    Ending { shared, attempt, work, dir }.conclude(found, orders).await;
}

async fn stop_child(
    shared: &Shared,
    dir: &AttemptDir,
    shim: &mut Child,
) -> io::Result<std::process::ExitStatus> {
    ask(dir.clone()).await;
    let patience = shared.settings.command.grace.saturating_add(SHIM_SLACK);
    if let Ok(status) = tokio::time::timeout(patience, shim.wait()).await {
        return status;
    }
    tracing::warn!(path = %dir.path().display(), "a shim did not stop its command in time and is killed");
    shim.start_kill()?;
    shim.wait().await
}

async fn ask(dir: AttemptDir) {
    let asked = tokio::task::spawn_blocking(move || ask_to_stop(&dir)).await;
    if let Ok(Err(error)) = asked {
        tracing::warn!(%error, "a command could not be asked to stop");
    }
}

/// After a server start: reports what the shim wrote, follows a shim that is alive, or voids the attempt.
pub(crate) async fn adopt(
    shared: Arc<Shared>,
    attempt: Attempt,
    work: CommandWork,
    mut orders: Orders,
) {
    let id = attempt.id;
    // It may run already, so it needs no turn; but what waits must know of it.
    let _slot = shared.command_slots.take_anyway();
    let dir = shared.dir(id);
    let at = dir.clone();
    let ending = Ending { shared: &shared, attempt: &attempt, work: &work, dir: &dir };
    let first_look = tokio::task::spawn_blocking(move || look(&at)).await;
    let lock = match first_look {
        Ok(Ok(Look::Over(found))) => return ending.conclude(found, orders).await,
        Ok(Ok(Look::Alive(lock))) => lock,
        Ok(Err(error)) => {
            let why = format!("the attempt's directory cannot be read: {error}");
            return report(&shared, id, &Found::lost(&why));
        }
        Err(_) => {
            let why = "the attempt could not be adopted: internal error";
            return report(&shared, id, &Found::lost(why));
        }
    };
    shared.live.set_phase(id, Phase::Outside);
    shared.live.started(id, changed_at(&dir.started()).unwrap_or_else(shared.settings.now));
    let mut end = match wait_for_lock(lock, dir.clone()) {
        Ok(end) => end,
        Err(error) => {
            let why = format!("the running command cannot be watched: {error}");
            return report(&shared, id, &Found::lost(&why));
        }
    };
    let found = tokio::select! {
        found = &mut end => found,
        order = orders.changed() => match order {
            Order::Stop => {
                ask(dir.clone()).await;
                end.await
            }
            Order::Leave | Order::GoOn => return,
        },
    };
    let found = found.unwrap_or_else(|_| Found::lost("the watch over the command ended early"));
    ending.conclude(found, orders).await;
}

/// What is still to be done for a command that is over.
struct Ending<'a> {
    shared: &'a Shared,
    attempt: &'a Attempt,
    work: &'a CommandWork,
    dir: &'a AttemptDir,
}

impl Ending<'_> {
    /// Collects what a command that succeeded left, and reports.
    async fn conclude(&self, mut found: Found, mut orders: Orders) {
        let id = self.attempt.id;
        let files = &self.work.files;
        if !files.is_empty() {
            let dir = self.dir.clone();
            let read =
                move || (AttemptDir::notes(&dir.fetched()), AttemptDir::notes(&dir.collected()));
            let (fetched, collected) = tokio::task::spawn_blocking(read).await.unwrap_or_default();
            let mut notes = fetched.unwrap_or_default();
            if found.outcome == Outcome::Succeeded && !files.outputs.is_empty() {
                // From here on it goes on without this process: what is not collected yet, the next one collects.
                self.shared.live.set_phase(id, Phase::Outside);
                let collected = if let Some(collected) = collected {
                    Ok(collected)
                } else {
                    tokio::select! {
                        biased;
                        order = orders.changed() => match order {
                            Order::Stop => Err("stopped before its output files were collected".to_owned()),
                            Order::Leave | Order::GoOn => return,
                        },
                        collected = self.collect() => collected,
                    }
                };
                match collected {
                    Ok(collected) => notes.extend(collected),
                    Err(problem) => found = found.failed_after(&problem),
                }
                let dir = self.dir.clone();
                let _ = tokio::task::spawn_blocking(move || dir.clear_cwd()).await;
            }
            self.shared.live.files(id, notes);
        }
        report(self.shared, id, &found);
    }

    async fn collect(&self) -> Result<Vec<FileNote>, String> {
        let Self { shared, attempt, dir, .. } = *self;
        let notes = Outputs { shared, attempt, dir }.collect(&self.work.files.outputs).await?;
        let (dir, kept) = (dir.clone(), notes.clone());
        let written = blocking(move || dir.write_notes(&dir.collected(), &kept)).await;
        written.map_err(|error| format!("which files it left cannot be written down: {error}"))?;
        Ok(notes)
    }
}

enum Look {
    Over(Found),
    /// Its shim holds this lock.
    Alive(File),
}

fn look(dir: &AttemptDir) -> io::Result<Look> {
    dir.create(0o700)?;
    let lock = dir.open_lock()?;
    match lock.try_lock() {
        Ok(()) => Ok(Look::Over(resolve(dir, "it vanished with its server"))),
        Err(TryLockError::WouldBlock) => Ok(Look::Alive(lock)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Waits on a thread of its own: the runtime's threads must not be used up by commands that run for hours.
fn wait_for_lock(lock: File, dir: AttemptDir) -> io::Result<oneshot::Receiver<Found>> {
    let (tell, end) = oneshot::channel();
    let wait = move || {
        let found = match lock.lock() {
            Ok(()) => resolve(&dir, "it vanished"),
            Err(error) => Found::lost(&format!("the running command cannot be watched: {error}")),
        };
        // Nobody listens any more if the server is stopping.
        let _ = tell.send(found);
    };
    std::thread::Builder::new()
        .name("command-watch".to_owned())
        .stack_size(WATCHER_STACK_BYTES)
        .spawn(wait)?;
    Ok(end)
}

/// What became of an attempt whose shim is not alive.
struct Found {
    outcome: Outcome,
    message: String,
    at: Option<dayend_engine::time::Timestamp>,
}

impl Found {
    fn lost(message: &str) -> Self {
        Self { outcome: Outcome::Lost, message: message.to_owned(), at: None }
    }

    /// The command itself succeeded.
    fn failed_after(self, problem: &str) -> Self {
        let message = format!("{problem}; the command itself: {}", self.message);
        Self { outcome: Outcome::Failed, message, at: None }
    }
}

/// Reads the outcome; without one, claims the attempt so that no late shim can run it.
fn resolve(dir: &AttemptDir, how: &str) -> Found {
    if let Some(WrittenOutcome { succeeded, message }) = WrittenOutcome::read(dir) {
        let outcome = if succeeded { Outcome::Succeeded } else { Outcome::Failed };
        return Found { outcome, message, at: changed_at(&dir.outcome()) };
    }
    match dir.void() {
        Ok(true) => {
            // Perhaps files were fetched for it.
            dir.clear_cwd();
            let message = "the command never started, and now cannot start any more".to_owned();
            Found { outcome: Outcome::Void, message, at: None }
        }
        Ok(false) => Found::lost(&format!("the command's shim ended without an outcome: {how}")),
        Err(error) => Found::lost(&format!("the attempt cannot be claimed: {error}")),
    }
}

fn report(shared: &Shared, id: AttemptId, found: &Found) {
    let at = found.at.unwrap_or_else(shared.settings.now);
    shared.live.ended_at(id, at, found.outcome, &found.message);
}
