//! `dayend log`: what a task wrote.

use super::session::{Session, report};
use crate::client::{Failure, code_of, print, visible};
use clap::Args;
use dayend_engine::codes::Code;
use dayend_wire::exit::ExitCode;
use serde_json::json;
use std::io::IsTerminal as _;
use std::time::Duration;

/// How often a log that is followed is asked for.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Prints the log of a task
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The run id (of the batch, not of its group)
    run: String,
    /// The task
    task: Code,
    /// The attempt, counted over all restarts [default: the newest]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// Goes on until the attempt is over
    #[arg(long, conflicts_with = "json")]
    follow: bool,
}

impl LogArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        report(self.copy(session).await, session.json)
    }

    async fn copy(&self, session: &Session) -> Result<(), Failure> {
        code_of(&self.run)?;
        let (mut offset, mut whole) = (0, String::new());
        // Escapes are for a person's terminal; a file or pipe gets what the task wrote.
        let is_terminal = std::io::stdout().is_terminal();
        loop {
            let piece =
                session.connection.log(&self.run, self.task.as_str(), self.attempt, offset).await?;
            let is_end = piece.next_offset == offset;
            offset = piece.next_offset;
            match (session.json, is_terminal) {
                (true, _) => whole.push_str(&piece.text),
                (false, true) => print(&visible(&piece.text)),
                (false, false) => print(&piece.text),
            }
            if piece.complete || (is_end && !self.follow) {
                break;
            }
            if is_end {
                tokio::time::sleep(FOLLOW_EVERY).await;
            }
        }
        if session.json {
            print(&format!("{}\n", json!({ "run": self.run, "task": self.task, "text": whole })));
        }
        Ok(())
    }
}
