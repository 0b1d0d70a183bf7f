//! Waiting for a run: survives restarts of the server, obeys limits and signals.

use super::connection::Connection;
use super::durations::duration;
use super::external::Control;
use super::failure::Failure;
use super::progress::Progress;
use clap::{Args, ValueEnum};
use dayend_wire::codes::State;
use dayend_wire::exit::ExitCode;
use dayend_wire::runs::ApiRun;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long an interrupted run gets to come to its end before the command gives up watching.
const INTERRUPT_WATCH: Duration = Duration::from_secs(90);
/// The least time between two questions that brought no news.
const CALM: Duration = Duration::from_millis(500);

/// How to wait.
#[derive(Clone, Debug, Args)]
pub(crate) struct FollowArgs {
    /// The longest wait; the run goes on and the exit code is 4
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// What to do when only held tasks are left
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnHeld::Exit)]
    pub(crate) on_held: OnHeld,
    /// SIGTERM and Ctrl-C end only the wait; otherwise they interrupt the run
    #[arg(long)]
    pub(crate) detach_on_term: bool,
}

impl FollowArgs {
    /// Refuses limits of a wait that nobody asked for.
    pub(crate) fn without_wait(&self) -> Result<(), Failure> {
        if self.timeout.is_none() && !self.detach_on_term {
            return Ok(());
        }
        Err(Failure::usage("--timeout and --detach-on-term are limits of a wait: add --wait"))
    }
}

/// What to do when a run is HELD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnHeld {
    /// Ends the wait with exit code 5
    Exit,
    /// Waits for somebody to release
    Wait,
}

/// Whether the command that waits has started the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A signal interrupts the run, unless it was told to detach.
    Caller,
    /// A signal only ends the wait.
    Somebody,
}

/// Waits until the run needs nothing but a person, and returns it as it is then.
pub(crate) async fn follow(
    connection: &Connection,
    run: &str,
    args: &FollowArgs,
    owner: Owner,
) -> Result<ApiRun, Failure> {
    let mut signals = Signals::listen()?;
    let mut progress = Progress::new(connection.voice(), false);
    let give_up = args.timeout.map(|timeout| Instant::now() + timeout);
    let settled = settled(connection, run, args.on_held, give_up, &mut progress);
    let outcome = tokio::select! {
        settled = settled => Some(settled),
        () = signals.arrived() => None,
    };
    progress.finish(connection.voice());
    match outcome {
        Some(settled) => settled,
        None if owner == Owner::Caller && !args.detach_on_term => {
            interrupt(connection, run, &mut signals).await
        }
        None => Err(Failure::new(
            ExitCode::StillRunning,
            format!("stopped waiting, the run goes on: dayend wait {run}"),
        )),
    }
}

async fn settled(
    connection: &Connection,
    run: &str,
    on_held: OnHeld,
    give_up: Option<Instant>,
    progress: &mut Progress,
) -> Result<ApiRun, Failure> {
    let mut seen = None;
    loop {
        let asked_at = Instant::now();
        let left = give_up.map(|give_up| give_up.saturating_duration_since(asked_at));
        // The first question is never a wait: the run may be over.
        let limit = if seen.is_none() { Duration::ZERO } else { left.unwrap_or(Duration::MAX) };
        let asked = async {
            if seen.is_none() {
                connection.run(run).await
            } else {
                connection.next(run, seen, limit).await
            }
        };
        let now = match left {
            Some(left) if seen.is_some() => match tokio::time::timeout(left, asked).await {
                Ok(answer) => answer?,
                Err(_) => connection.run(run).await?,
            },
            Some(_) | None => asked.await?,
        };
        progress.show(&now, connection.voice());
        if is_settled(&now, on_held) || left.is_some_and(|left| left.is_zero()) {
            return Ok(now);
        }
        let news = seen != Some(now.revision);
        seen = Some(now.revision);
        if !news {
            // A server that stops answers at once: do not ask it in circles.
            tokio::time::sleep(CALM.saturating_sub(asked_at.elapsed())).await;
        }
    }
}

fn is_settled(run: &ApiRun, on_held: OnHeld) -> bool {
    match run.status {
        State::NotStarted | State::OnGoing => run.terminal,
        State::Held => run.terminal || on_held == OnHeld::Exit,
        State::Successful
        | State::Failed
        | State::Interrupted
        | State::Aborted
        | State::Excluded => true,
    }
}

/// A signal came: interrupts the run and watches until it is over; a second signal ends that too.
async fn interrupt(
    connection: &Connection,
    run: &str,
    signals: &mut Signals,
) -> Result<ApiRun, Failure> {
    connection.voice().say(&format!("dayend: interrupting {run}; once more to leave at once"));
    let key = uuid::Uuid::new_v4().to_string();
    let stopped = async {
        match connection.control(Control::Interrupt, run, &key).await {
            // It was interrupted already, or came to its end in this moment.
            Err(failure) if failure.exit == ExitCode::WrongState => {}
            other => drop(other?),
        }
        let mut progress = Progress::new(connection.voice(), true);
        let give_up = Some(Instant::now() + INTERRUPT_WATCH);
        settled(connection, run, OnHeld::Exit, give_up, &mut progress).await
    };
    tokio::select! {
        stopped = stopped => stopped,
        () = signals.arrived() => {
            let sentence = format!("left while the run was being interrupted; look at it with: dayend status {run}");
            Err(Failure::new(ExitCode::StillRunning, sentence))
        }
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(ExitCode::Bug, format!("signals cannot be listened to: {error}"))
            })
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn arrived(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
