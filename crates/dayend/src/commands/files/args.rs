//! The commands about files.

use super::super::session::{Session, report};
use super::{get, link, list, put, remove};
use clap::{Args, Subcommand};
use dayend_wire::exit::ExitCode;

/// Puts, gets, lists and removes files of the night, and makes links to them
#[derive(Debug, Args)]
pub(crate) struct FilesArgs {
    #[command(subcommand)]
    command: FilesCommand,
}

#[derive(Debug, Subcommand)]
enum FilesCommand {
    Put(put::PutArgs),
    Get(get::GetArgs),
    List(list::ListArgs),
    Rm(remove::RemoveArgs),
    Link(link::LinkArgs),
    Links(link::LinksArgs),
    Unlink(link::UnlinkArgs),
}

impl FilesArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        let done = match &self.command {
            FilesCommand::Put(args) => args.put(session).await,
            FilesCommand::Get(args) => args.get(session).await,
            FilesCommand::List(args) => args.list(session).await,
            FilesCommand::Rm(args) => args.remove(session).await,
            FilesCommand::Link(args) => args.link(session).await,
            FilesCommand::Links(args) => args.list(session).await,
            FilesCommand::Unlink(args) => args.revoke(session).await,
        };
        report(done, session.json)
    }
}
