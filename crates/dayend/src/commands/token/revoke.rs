//! `dayend token revoke`: ends tokens before their time.

use super::file::TokenFile;
use crate::client::{Claims, Failure, print};
use crate::commands::session::Session;
use clap::Args;
use dayend_wire::exit::ExitCode;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::path::PathBuf;

/// Revokes the tokens of a file: the server takes them no more
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// The file with the token; `-` is stdin
    file: PathBuf,
}

impl RevokeArgs {
    /// Revokes every token of the file.
    pub(super) async fn run(&self, session: &Session) -> Result<(), Failure> {
        let connection = &session.connection;
        let file = TokenFile::read(&self.file)?;
        let claims = file.access_token.as_ref().and_then(|token| Claims::of(token.expose_secret()));
        let issued_to = claims.as_ref().and_then(|claims| claims.text("client_id"));
        let Some(app) = connection.app_that_may_revoke(issued_to) else {
            let sentence = format!(
                "the token belongs to the app {}, and only that can revoke it: use a profile with its client_id and client_secret",
                issued_to.unwrap_or("-")
            );
            return Err(Failure::new(ExitCode::NotAllowed, sentence));
        };
        // The refresh token first: it could make others.
        let tokens = [(&file.refresh_token, "refresh_token"), (&file.access_token, "access_token")];
        for (token, hint) in tokens {
            if let Some(token) = token {
                connection.revoke(app, token.expose_secret(), hint).await?;
            }
        }
        if session.json {
            print(&format!("{}\n", json!({ "revoked": true })));
        } else {
            session.say("the token is revoked");
        }
        Ok(())
    }
}
