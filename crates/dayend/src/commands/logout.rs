//! `dayend logout`: ends a log-in at the server and forgets it here.

use super::session::{Session, report};
use crate::client::login::log_out;
use crate::client::{Failure, print, visible};
use clap::Args;
use dayend_wire::exit::ExitCode;
use serde_json::json;

/// Ends the log-in: its tokens are revoked and removed
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// Only removes the tokens here; the server is not asked
    #[arg(long)]
    local: bool,
}

impl LogoutArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        report(self.log_out(session).await, session.json)
    }

    async fn log_out(&self, session: &Session) -> Result<(), Failure> {
        let server = &session.connection.profile().base_url;
        let ended = log_out(&session.connection, self.local).await?;
        let user = ended.as_ref().map(|login| login.user.as_str());
        if session.json {
            print(&format!("{}\n", json!({ "server": server, "user": user })));
            return Ok(());
        }
        print(&visible(&match user {
            Some(user) => format!("{user} is logged out of {server}\n"),
            None => format!("nobody is logged in at {server}\n"),
        }));
        Ok(())
    }
}
