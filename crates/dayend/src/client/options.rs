//! The options that all client commands share.

use super::connection::Limits;
use super::durations::duration;
use super::failure::Failure;
use clap::Args;
use dayend_wire::exit::ExitCode;
use std::path::PathBuf;
use std::time::Duration;

/// Where the server is, and how patient to be with it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ClientOptions {
    /// The profile that `dayend init` wrote [default: dayend/profile.json in the user's config directory]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "DAYEND_PROFILE",
        hide_env_values = true
    )]
    pub(crate) profile: Option<PathBuf>,
    /// The server's base URL instead of the profile's
    #[arg(long, global = true, value_name = "URL", env = "DAYEND_SERVER", hide_env_values = true)]
    pub(crate) server: Option<String>,
    /// The server's certificate authority (PEM) instead of the profile's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "DAYEND_CA_FILE",
        hide_env_values = true
    )]
    pub(crate) ca_file: Option<PathBuf>,
    /// Prints one JSON object on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How long to try to connect
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = duration)]
    connect_timeout: Duration,
    /// How long one request may take
    #[arg(long, global = true, value_name = "TIME", default_value = "50s", value_parser = duration)]
    request_timeout: Duration,
    /// How long to go on trying while the server cannot be reached [default: 30s, and 15m while waiting for a run]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    retry_for: Option<Duration>,
    /// Other exit codes for the house's conventions, such as 3=0,7=0
    #[arg(long, global = true, value_name = "FROM=TO", value_delimiter = ',', value_parser = exit_pair)]
    exit_map: Vec<(u8, u8)>,
}

impl ClientOptions {
    /// The exit code that the caller wants to see.
    pub(crate) fn mapped(&self, code: ExitCode) -> std::process::ExitCode {
        let pair = self.exit_map.iter().find(|(from, _)| *from == code.number());
        pair.map_or(code.number(), |(_, to)| *to).into()
    }

    /// The limits, checked.
    pub(crate) fn limits(&self) -> Result<Limits, Failure> {
        if self.connect_timeout.is_zero() || self.request_timeout < Duration::from_secs(1) {
            return Err(Failure::usage(
                "--connect-timeout must be longer than zero, --request-timeout at least 1s",
            ));
        }
        Ok(Limits {
            connect: self.connect_timeout,
            request: self.request_timeout,
            retry_for: self.retry_for,
        })
    }
}

fn exit_pair(text: &str) -> Result<(u8, u8), String> {
    let pair =
        text.split_once('=').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    pair.filter(|(_, to)| *to <= 125)
        .ok_or_else(|| format!("`{text}` is not a pair such as 3=0 (at most 125)"))
}
