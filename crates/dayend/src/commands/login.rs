//! `dayend login`: a person logs in, and the following commands act for them.

use super::session::{Session, report};
use crate::client::login::{KeptLogin, log_in_with_browser, log_in_with_device};
use crate::client::{Failure, Grant, duration, own_path, print, visible};
use clap::Args;
use dayend_wire::exit::ExitCode;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Logs in with the browser; following commands act for you until `logout`
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Shows a code to type in a browser on any other machine
    #[arg(long, conflicts_with = "no_browser")]
    device: bool,
    /// Prints the page's address instead of opening it
    #[arg(long)]
    no_browser: bool,
    /// How long to wait for you
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    timeout: Duration,
}

impl LoginArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        report(self.log_in(session).await, session.json)
    }

    async fn log_in(&self, session: &Session) -> Result<(), Failure> {
        let connection = &session.connection;
        let login = if self.device {
            log_in_with_device(connection, self.timeout).await?
        } else {
            log_in_with_browser(connection, self.no_browser, self.timeout).await?
        };
        let KeptLogin { server, user, tenant, .. } = &login;
        if session.json {
            print(&format!("{}\n", json!({ "server": server, "tenant": tenant, "user": user })));
        } else {
            print(&visible(&format!("logged in at {server} as {user}\n")));
        }
        remember(session)
    }
}

/// Says what uses the log-in, and writes the user's own profile if there is none yet.
fn remember(session: &Session) -> Result<(), Failure> {
    let profile = session.connection.profile();
    if profile.grant() != Grant::Login {
        session.say(
            "note: this profile has a client_secret, and commands go on using that; put \"grant\": \"login\" into it, or leave its secrets out, to use the log-in",
        );
        return Ok(());
    }
    if !session.profile_is_made_of_options {
        return Ok(());
    }
    let path = own_path()?;
    let ca_file = profile.ca_file.as_deref().map(std::path::absolute).transpose();
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("the profile {} cannot be written: {error}", path.display()))
    };
    let ca_file = ca_file.map_err(|error| unwritable(&error))?;
    write(&path, &profile.base_url, ca_file.as_deref()).map_err(|error| unwritable(&error))?;
    session.say(&format!("the address is kept in {}", path.display()));
    Ok(())
}

/// Never over a profile that is there.
fn write(path: &Path, base_url: &str, ca_file: Option<&Path>) -> std::io::Result<()> {
    let mut object = serde_json::Map::new();
    object.insert("base_url".to_owned(), base_url.into());
    if let Some(file) = ca_file.and_then(Path::to_str) {
        object.insert("ca_file".to_owned(), file.into());
    }
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    std::fs::create_dir_all(&directory)?;
    let mut draft = tempfile::NamedTempFile::new_in(&directory)?;
    serde_json::to_writer_pretty(draft.as_file_mut(), &object)?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path)?;
    Ok(())
}
