//! Follows a command to its end, through its shim.

use crate::attempt_dir::{AttemptDir, changed_at};
use crate::command::launch::{ask_to_stop, launch};
use crate::executors::Shared;
use crate::live::{Order, Orders, Phase};
use crate::port::{Attempt, Outcome};
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

async fn go(shared: Arc<Shared>, attempt: Attempt, work: CommandWork, orders: Orders) {
    let id = attempt.id;
    let dir = shared.dir(id);
    let (launching, at) = (Arc::clone(&shared), dir.clone());
    let launched =
        tokio::task::spawn_blocking(move || launch(&launching, &at, &attempt, &work)).await;
    match launched {
        Ok(Ok(shim)) => {
            shared.live.set_phase(id, Phase::Outside);
            shared.live.started(id, (shared.settings.now)());
            follow_child(&shared, id, &dir, shim, orders).await;
        }
        Ok(Err(refused)) => shared.live.end(id, refused.outcome, &refused.message),
        Err(_) => {
            shared.live.end(id, Outcome::Lost, "the command could not be launched: internal error");
        }
    }
}

async fn follow_child(
    shared: &Shared,
    id: AttemptId,
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
    let dir = dir.clone();
    let found = tokio::task::spawn_blocking(move || resolve(&dir, &how)).await;
    let found =
        found.unwrap_or_else(|_| Found::lost("the outcome could not be read: internal error"));
    // A shim of ours that gives up before the command would do so again: a failure like any other.
    let outcome = if found.outcome == Outcome::Void { Outcome::Failed } else { found.outcome };
    // The file's time is coarser than the clock: it may lie before the start that was reported.
    report(shared, id, &Found { at: None, outcome, ..found });
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
pub(crate) async fn adopt(shared: Arc<Shared>, id: AttemptId, mut orders: Orders) {
    // It may run already, so it needs no turn; but what waits must know of it.
    let _slot = shared.command_slots.take_anyway();
    let dir = shared.dir(id);
    let at = dir.clone();
    let first_look = tokio::task::spawn_blocking(move || look(&at)).await;
    let lock = match first_look {
        Ok(Ok(Look::Over(found))) => return report(&shared, id, &found),
        Ok(Ok(Look::Alive(lock))) => lock,
        Ok(Err(error)) => {
            return report(
                &shared,
                id,
                &Found::lost(&format!("the attempt's directory cannot be read: {error}")),
            );
        }
        Err(_) => {
            return report(
                &shared,
                id,
                &Found::lost("the attempt could not be adopted: internal error"),
            );
        }
    };
    shared.live.set_phase(id, Phase::Outside);
    shared.live.started(id, changed_at(&dir.started()).unwrap_or_else(shared.settings.now));
    let mut end = match wait_for_lock(lock, dir.clone()) {
        Ok(end) => end,
        Err(error) => {
            return report(
                &shared,
                id,
                &Found::lost(&format!("the running command cannot be watched: {error}")),
            );
        }
    };
    let found = tokio::select! {
        found = &mut end => found,
        order = orders.changed() => match order {
            Order::Stop => {
                ask(dir).await;
                end.await
            }
            Order::Leave | Order::GoOn => return,
        },
    };
    report(
        &shared,
        id,
        &found.unwrap_or_else(|_| Found::lost("the watch over the command ended early")),
    );
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
}

/// Reads the outcome; without one, claims the attempt so that no late shim can run it.
fn resolve(dir: &AttemptDir, how: &str) -> Found {
    if let Some(WrittenOutcome { succeeded, message }) = WrittenOutcome::read(dir) {
        let outcome = if succeeded { Outcome::Succeeded } else { Outcome::Failed };
        return Found { outcome, message, at: changed_at(&dir.outcome()) };
    }
    match dir.void() {
        Ok(true) => Found {
            outcome: Outcome::Void,
            message: "the command never started, and now cannot start any more".to_owned(),
            at: None,
        },
        Ok(false) => Found::lost(&format!("the command's shim ended without an outcome: {how}")),
        Err(error) => Found::lost(&format!("the attempt cannot be claimed: {error}")),
    }
}

fn report(shared: &Shared, id: AttemptId, found: &Found) {
    let at = found.at.unwrap_or_else(shared.settings.now);
    shared.live.ended_at(id, at, found.outcome, &found.message);
}
