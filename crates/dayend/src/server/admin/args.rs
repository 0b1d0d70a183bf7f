//! What `dayend admin` understands.

use super::super::failure::{Failure, exit_code};
use super::super::offline::Offline;
use super::listing::scopes_of;
use super::{app, grant, group, keys, scope, user};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Workspaces, users, apps, groups and grants; works while no server runs on the data directory
#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    noun: AdminNoun,
}

#[derive(Debug, Subcommand)]
enum AdminNoun {
    /// Tenants, their services and workspaces
    Scope(scope::ScopeArgs),
    /// People who can log in
    User(user::UserArgs),
    /// Programs that can ask for tokens
    App(app::AppArgs),
    /// The keys that sign tokens; works while a server runs, too
    #[command(visible_alias = "key")]
    Keys(keys::KeysArgs),
    /// Users that are granted something together
    Group(group::GroupArgs),
    /// Grants functions and roles to a user, an app or a group
    Grant(Box<grant::GrantArgs>),
    /// Takes functions and roles away from a user, an app or a group
    Revoke(Box<grant::GrantArgs>),
    /// Lists who holds which functions and roles
    Grants(Place),
}

/// Where an administrator works.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// The tenant; without it, the one that `dayend init` made
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
}

/// Runs the command; with `json` it answers with one object.
pub(crate) async fn run(args: &AdminArgs, json: bool) -> ExitCode {
    // A database file that is made anew here is for its owner only.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let answer = match &args.noun {
        AdminNoun::Scope(args) => scope::run(args).await,
        AdminNoun::User(args) => user::run(args).await,
        AdminNoun::App(args) => app::run(args).await,
        AdminNoun::Group(args) => group::run(args).await,
        AdminNoun::Grant(args) => grant::run(args, true).await,
        AdminNoun::Revoke(args) => grant::run(args, false).await,
        AdminNoun::Keys(args) => keys::run(args).await,
        AdminNoun::Grants(place) => grant::list(place).await,
    };
    exit_code(answer.and_then(|answer| answer.say(json)))
}

impl Place {
    /// Opens the data directory and finds the tenant; hand the result of the work to [`Offline::close_with`].
    pub(super) async fn open(&self) -> Result<(Offline, String), Failure> {
        let offline = Offline::open(&self.data).await?;
        let tenant = match &self.tenant {
            Some(tenant) => scopes_of(&offline, tenant).await.map(|_| tenant.clone()),
            None => offline.installation().await.map(|installation| installation.tenant),
        };
        match tenant {
            Ok(tenant) => Ok((offline, tenant)),
            Err(failure) => offline.close_with(Err(failure)).await,
        }
    }
}
