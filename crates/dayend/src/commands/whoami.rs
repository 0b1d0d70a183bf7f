//! `dayend whoami`: for whom the commands act, as the server sees it.

use super::session::{Session, report};
use super::time::shown;
use crate::client::login::{KeptLogin, Place};
use crate::client::{Claims, Failure, Grant, print, visible};
use clap::Args;
use dayend_wire::exit::ExitCode;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Shows for whom commands act, and until when
#[derive(Debug, Args)]
pub(crate) struct WhoamiArgs {}

impl WhoamiArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        report(show(session).await, session.json)
    }
}

async fn show(session: &Session) -> Result<(), Failure> {
    let connection = &session.connection;
    let profile = connection.profile();
    // The server has the last word: a token that it does not take is renewed, or the log-in has ended.
    let token = connection.accepted_token().await?;
    let claims = Claims::of(token.expose_secret()).unwrap_or_default();
    let kept = match profile.grant() {
        Grant::Login => Place::of(profile)?.read()?,
        Grant::ClientCredentials | Grant::Password => None,
    };
    let rows = rows(session, &claims, kept.as_ref());
    if session.json {
        print(&format!("{}\n", Value::Object(rows)));
        return Ok(());
    }
    let mut text = String::new();
    for (name, value) in &rows {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writeln!(text, "{:<14} {value}", name.replace('_', " ")).expect("a String takes any text");
    }
    print(&visible(&text));
    Ok(())
}

fn rows(session: &Session, claims: &Claims, kept: Option<&KeptLogin>) -> Map<String, Value> {
    let profile = session.connection.profile();
    let acts_by = match profile.grant() {
        Grant::Login => "login",
        Grant::ClientCredentials => "client_credentials",
        Grant::Password => "password",
    };
    let user = claims.user().or(profile.user.as_deref());
    let entries = [
        ("server", Some(profile.base_url.clone())),
        ("user", user.map(str::to_owned)),
        ("tenant", claims.text("tenant").or(profile.tenant.as_deref()).map(str::to_owned)),
        ("service", profile.service.clone()),
        ("workspace", Some(profile.workspace.clone())),
        ("app", claims.text("client_id").map(str::to_owned)),
        ("by", Some(acts_by.to_owned())),
        ("logged_in_at", kept.map(|kept| shown(kept.logged_in_at))),
        ("token_until", claims.seconds("exp").map(shown)),
    ];
    let entries = entries.into_iter();
    entries.filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?)))).collect()
}
