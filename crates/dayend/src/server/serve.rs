//! `dayend serve`: the server as a process.

use super::failure::{Failure, exit_code};
use super::logs;
use super::running::{self, Options};
use super::say::say;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the server on a data directory until SIGTERM or SIGINT
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The data directory that `dayend init` made
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// Where to listen, such as 127.0.0.1:8443; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The address that callers use; without it, https:// and the --listen address
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Serves HTTP instead of HTTPS (behind a proxy that does TLS)
    #[arg(long)]
    plain_http: bool,
    /// A PostgreSQL database instead of the file in the data directory; the URL holds no password
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The file with the password of that database
    #[arg(long, value_name = "FILE")]
    database_password_file: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: &ServeArgs) -> ExitCode {
    exit_code(serve(args).await)
}

async fn serve(args: &ServeArgs) -> Result<(), Failure> {
    // Whatever the server or a library makes is for its own user only.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    without_core_dumps();
    let options = Options::load(&args.data, &args.flags())?;
    logs::begin(options.settings().log_format, &options.settings().log_level);
    let mut stop = Stop::listen()?;
    let mut running = running::start(options).await?;
    if rustix::process::geteuid().is_root() {
        tracing::warn!(
            "the server runs as root, and so do its command tasks unless `command.user` names another user"
        );
    }
    say(&format!("dayend is ready at {}", running.base_url()))?;
    tokio::select! {
        () = stop.asked() => tracing::info!("stopping"),
        failure = running.ended() => return Err(failure),
    }
    tokio::select! {
        () = running.stop() => Ok(()),
        () = stop.asked() => Err(Failure::cannot_serve("stopped at once, because a second signal came")),
    }
}

impl ServeArgs {
    fn flags(&self) -> Vec<(&'static str, &str)> {
        let given = [
            ("listen", self.listen.as_deref()),
            ("base_url", self.base_url.as_deref()),
            ("plain_http", self.plain_http.then_some("true")),
            ("database", self.database.as_deref()),
            ("database_password_file", self.database_password_file.as_deref()),
        ];
        given.into_iter().filter_map(|(key, text)| Some((key, text?))).collect()
    }
}

/// A core dump would hold keys and tokens. Only the soft limit falls: a command task may raise it again.
fn without_core_dumps() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Core).maximum;
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }) {
        tracing::debug!(%error, "core dumps could not be switched off");
    }
}

/// SIGTERM and SIGINT.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::cannot_serve(format!("signals cannot be listened to: {error}"))
            })
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
