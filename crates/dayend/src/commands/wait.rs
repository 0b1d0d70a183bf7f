//! `dayend wait`: waits for a run that somebody else started.

use super::run::wait_for;
use super::session::{Session, conclude};
use crate::client::{FollowArgs, Owner, code_of};
use clap::Args;
use dayend_wire::exit::ExitCode;

/// Waits for the end of a run; ending the wait never ends the run
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// The run id
    run: String,
    #[command(flatten)]
    follow: FollowArgs,
}

impl WaitArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        let outcome = match code_of(&self.run) {
            Ok(_) => wait_for(session, &self.run, &self.follow, Owner::Somebody).await,
            Err(failure) => Err(failure),
        };
        conclude(Some(self.run.clone()), outcome, session.json)
    }
}
