//! Renewals happen in a process of their own, outside the caller's process group: who stops or kills the command (a person
//! with Ctrl-C, a scheduler with its whole job) does not hit the moment between spending a token and keeping its successor.
//! Nor does the patience of a command end it: the helper goes on waiting for a slow server, and the next command finds what it got.

use super::place::Place;
use super::renew::{Renewed, Wanted, renew};
use crate::client::connection::{Connection, Limits};
use crate::client::failure::Failure;
use crate::client::profile::Profile;
use crate::client::retry::Trouble;
use crate::client::voice::{Voice, print};
use clap::Args;
use dayend_wire::exit::ExitCode;
use serde::{Deserialize, Serialize};
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The hidden command.
const COMMAND: &str = "renew-login";
/// A token that is spent is waited for at least this long.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// The longest order or report.
const MAX_BYTES: u64 = 256 * 1024;

/// Renews a log-in, as told on stdin
#[derive(Debug, Args)]
pub(crate) struct RenewLoginArgs {}

/// What the helper is told: nothing secret, it reads the tokens itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    base_url: String,
    ca_file: Option<PathBuf>,
    login_client_id: String,
    has_client_id: bool,
    place: PathBuf,
    connect_ms: u64,
    request_ms: u64,
    wanted: Wanted,
}

/// What the helper tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Report {
    Renewed { token: String, expires_in: u64 },
    Trouble { sentence: String, retry_after_s: Option<u64> },
    Failure { exit: u8, sentence: String },
}

/// Lets a helper renew the log-in.
pub(super) async fn renew_apart(
    connection: &Connection,
    place: &Place,
    wanted: Wanted,
) -> Result<Result<Renewed, Trouble>, Failure> {
    let order = Order::new(connection, place, wanted);
    let Ok(program) = std::env::current_exe() else {
        return renew(connection, place, &order.wanted).await;
    };
    let spawned = Command::new(program)
        .arg(COMMAND)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    // The program may have been replaced while it ran: then this process has to do.
    let Ok(mut helper) = spawned else { return renew(connection, place, &order.wanted).await };
    if let Some(mut input) = helper.stdin.take() {
        let order = serde_json::to_vec(&order).expect("an order is JSON");
        // A helper that is gone says so by its missing report.
        let _ = input.write_all(&order).await;
    }
    let limits = &connection.limits;
    let patience = limits.connect.saturating_add(limits.request);
    let Ok(said) = tokio::time::timeout(patience, helper.wait_with_output()).await else {
        let sentence = format!("{} did not answer in time", connection.profile().base_url);
        return Ok(Err(Trouble { sentence, retry_after: None }));
    };
    let said = said.map(|output| output.stdout).unwrap_or_default();
    Ok(match serde_json::from_slice::<Report>(&said) {
        Ok(Report::Renewed { token, expires_in }) => {
            Ok(Renewed { token: token.into(), expires_in })
        }
        Ok(Report::Trouble { sentence, retry_after_s }) => {
            Err(Trouble { sentence, retry_after: retry_after_s.map(Duration::from_secs) })
        }
        Ok(Report::Failure { exit, sentence }) => {
            return Err(Failure::new(exit_code(exit), sentence));
        }
        Err(_) => {
            let sentence = "the renewal of the log-in was cut off".to_owned();
            Err(Trouble { sentence, retry_after: None })
        }
    })
}

impl RenewLoginArgs {
    /// Does what stdin says, and reports on stdout.
    pub(crate) async fn run(&self) -> ExitCode {
        let mut text = String::new();
        let read = std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
        let order = read.ok().and_then(|_| serde_json::from_str::<Order>(&text).ok());
        let Some(order) = order else {
            let problem =
                "this is for the program itself: any command renews the log-in when needed";
            Voice::new().say(&format!("dayend: {problem}"));
            return ExitCode::Usage;
        };
        let report = Report::of(order.carry_out().await);
        print(&serde_json::to_string(&report).expect("a report is JSON"));
        ExitCode::Success
    }
}

impl Order {
    fn new(connection: &Connection, place: &Place, wanted: Wanted) -> Self {
        let (profile, limits) = (connection.profile(), &connection.limits);
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            base_url: profile.base_url.clone(),
            ca_file: profile.ca_file.clone(),
            login_client_id: profile.login_client_id.clone(),
            has_client_id: profile.client_id.is_some(),
            place: place.path().to_owned(),
            connect_ms: ms(limits.connect),
            request_ms: ms(limits.request),
            wanted,
        }
    }

    async fn carry_out(self) -> Result<Result<Renewed, Trouble>, Failure> {
        let mut profile = Profile::of_server(&self.base_url);
        profile.ca_file = self.ca_file;
        profile.client_id = self.has_client_id.then(String::new);
        profile.login_client_id = self.login_client_id;
        let limits = Limits {
            connect: Duration::from_millis(self.connect_ms),
            request: Duration::from_millis(self.request_ms).max(ANSWER_WITHIN),
            retry_for: None,
        };
        let connection = Connection::new(profile, limits, Arc::new(Voice::new()))?;
        renew(&connection, &Place::at(self.place), &self.wanted).await
    }
}

impl Report {
    fn of(outcome: Result<Result<Renewed, Trouble>, Failure>) -> Self {
        match outcome {
            Ok(Ok(renewed)) => {
                let (token, expires_in) = renewed.exposed();
                Self::Renewed { token: token.to_owned(), expires_in }
            }
            Ok(Err(Trouble { sentence, retry_after })) => {
                Self::Trouble { sentence, retry_after_s: retry_after.map(|time| time.as_secs()) }
            }
            Err(Failure { exit, sentence, .. }) => Self::Failure { exit: exit.number(), sentence },
        }
    }
}

fn exit_code(number: u8) -> ExitCode {
    ExitCode::ALL.into_iter().find(|code| code.number() == number).unwrap_or(ExitCode::Bug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_and_the_reports_come_through_a_pipe_as_they_were() {
        let order = Order {
            base_url: "https://h".to_owned(),
            ca_file: None,
            login_client_id: "dayend-cli".to_owned(),
            has_client_id: false,
            place: PathBuf::from("/x"),
            connect_ms: 1,
            request_ms: 2,
            wanted: Wanted::Token { refused: Some("f".to_owned()) },
        };
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
        let failure = Report::of(Err(Failure::new(ExitCode::NotAllowed, "no")));
        let text = serde_json::to_string(&failure).unwrap();
        assert_eq!(text, r#"{"failure":{"exit":9,"sentence":"no"}}"#);
        assert_eq!(exit_code(9), ExitCode::NotAllowed);
    }
}
