//! What `dayend token` can be asked for.

use super::get::GetArgs;
use super::revoke::RevokeArgs;
use super::show::ShowArgs;
use crate::commands::session::{Session, report};
use clap::{Args, Subcommand};
use dayend_wire::exit::ExitCode;

/// Prints an access token, or writes it to a file
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    verb: Option<TokenVerb>,
    #[command(flatten)]
    get: GetArgs,
}

#[derive(Debug, Subcommand)]
enum TokenVerb {
    Show(ShowArgs),
    Revoke(RevokeArgs),
}

impl TokenArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        match &self.verb {
            None => report(self.get.run(session).await, session.json),
            Some(TokenVerb::Show(args)) => args.run(session).await,
            Some(TokenVerb::Revoke(args)) => report(args.run(session).await, session.json),
        }
    }
}
