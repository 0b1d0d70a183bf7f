//! `dayend token show`: what a token says, and whether it is good.

use super::file::TokenFile;
use crate::client::login::Place;
use crate::client::{Claims, Failure, Validity, print, visible};
use crate::commands::session::{Session, report};
use crate::commands::time::shown;
use clap::Args;
use dayend_wire::exit::ExitCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Shows what an access token says, and whether the server takes it; the token itself is not shown
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The file with the token; `-` is stdin [default: the token of the log-in]
    file: Option<PathBuf>,
}

impl ShowArgs {
    /// Shows the claims, then asks the server.
    pub(super) async fn run(&self, session: &Session) -> ExitCode {
        let (token, claims) = match self.claims(session) {
            Ok(found) => found,
            Err(failure) => return report(Err(failure), session.json),
        };
        if !session.json {
            print(&visible(&text(claims.all())));
        }
        let asked = session.connection.validity(&token, claims.text("client_id")).await;
        let valid = asked.as_ref().ok().map(|validity| *validity == Validity::Good);
        if session.json {
            print(&format!("{}\n", json!({ "claims": claims.all(), "valid": valid })));
        } else {
            let word = match valid {
                Some(true) => "valid",
                Some(false) => "not valid",
                None => "unknown",
            };
            print(&format!("{:<20} {word}\n", "state"));
        }
        // With --json the object above is the answer, whatever it says.
        report(asked.and_then(|validity| good(validity, session)), false)
    }

    fn claims(&self, session: &Session) -> Result<(SecretString, Claims), Failure> {
        let token = self.token(session)?;
        let claims = Claims::of(token.expose_secret()).ok_or_else(|| {
            Failure::usage("this is no access token: only those can be looked into")
        })?;
        Ok((token, claims))
    }

    fn token(&self, session: &Session) -> Result<SecretString, Failure> {
        let Some(path) = &self.file else {
            let kept = Place::of(session.connection.profile())?.read()?;
            let token = kept.map(|kept| kept.access_token).filter(|token| !token.is_empty());
            return token.map(SecretString::from).ok_or_else(|| {
                Failure::usage("nobody is logged in: name a file with a token, or - for stdin")
            });
        };
        TokenFile::read(path)?.access_token.ok_or_else(|| {
            Failure::usage(
                "there is only a refresh token, which says nothing: name a file with an access token",
            )
        })
    }
}

fn good(validity: Validity, session: &Session) -> Result<(), Failure> {
    match validity {
        Validity::Good => Ok(()),
        Validity::Bad => {
            let sentence = format!(
                "{} does not take this token: it has ended, was revoked, or is another server's",
                session.connection.profile().base_url
            );
            Err(Failure::new(ExitCode::NotAllowed, sentence))
        }
    }
}

fn text(claims: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in claims {
        let value = match (name.as_str(), value) {
            ("exp" | "iat" | "nbf" | "auth_time", Value::Number(time)) => {
                time.as_i64().map_or_else(|| time.to_string(), shown)
            }
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        writeln!(text, "{name:<20} {value}").expect("a String takes any text");
    }
    text
}
