//! `dayend token`: gets an access token.

use super::file::TokenFile;
use crate::client::login::{Renewed, current, narrower, patiently};
use crate::client::{Connection, Failure, Grant, MY_SCOPES, Tokens, duration, print};
use crate::commands::session::Session;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// The scope for one's own account only.
const ME: &str = "urn:opc:idm:t.user.me";
/// How a lifetime is asked for.
const EXPIRY: &str = "urn:opc:resource:expiry=";
const OFFLINE: &str = "offline_access";

/// Which token, and where to.
#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// The scopes of the token [default: everything that the caller may do]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// A user's token for the own account only (urn:opc:idm:t.user.me)
    #[arg(long)]
    me: bool,
    /// How long it is to be valid: a number of seconds, or for example 12h
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    expiry: Option<Duration>,
    /// With a refresh token, which --json or --output take
    #[arg(long)]
    offline: bool,
    /// How to get it instead of the profile's way
    #[arg(long, value_name = "GRANT")]
    grant: Option<Grant>,
    /// Writes `{"app_access_token": …}` to a file that only you can read, such as tokens.tok
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl GetArgs {
    /// Gets the token and passes it on.
    pub(super) async fn run(&self, session: &Session) -> Result<(), Failure> {
        if self.offline && self.output.is_none() && !session.json {
            return Err(Failure::usage(
                "--offline gets a second token: add --output FILE or --json to receive both",
            ));
        }
        let grant = self.grant_for(session)?;
        let tokens = if grant == Grant::Login {
            self.of_login(&session.connection.again_with(grant)?).await?
        } else {
            let connection = session.connection.again_with(grant)?;
            let scope = self.scope();
            patiently(&connection, async || connection.issue(&scope).await).await?
        };
        self.note_shorter(session, tokens.expires_in);
        if self.offline && tokens.refresh_token.is_none() {
            session.say("note: the server gave no refresh token; the app may not have that grant");
        }
        self.pass_on(session, &tokens)
    }

    /// The grant that was asked for, the profile's, or the one that can give what an app's own token cannot.
    fn grant_for(&self, session: &Session) -> Result<Grant, Failure> {
        let profile = session.connection.profile();
        let usual = profile.grant();
        let grant = match self.grant {
            Some(grant) => grant,
            None if (self.me || self.offline) && usual == Grant::ClientCredentials => {
                if profile.has_password() { Grant::Password } else { Grant::Login }
            }
            None => usual,
        };
        let needs_user = if self.me { "--me" } else { "--offline" };
        match grant {
            Grant::ClientCredentials if self.me || self.offline => Err(Failure::usage(format!(
                "{needs_user} needs a user, and client_credentials has none: use --grant password or login"
            ))),
            Grant::Login if self.offline => Err(Failure::usage(
                "--offline is for a password in the profile: a log-in keeps its refresh token to itself",
            )),
            Grant::ClientCredentials | Grant::Password | Grant::Login => Ok(grant),
        }
    }

    /// Without wishes the log-in's own token, else a narrower one.
    async fn of_login(&self, connection: &Connection) -> Result<Tokens, Failure> {
        let has_wishes = self.me || !self.scope.is_empty() || self.expiry.is_some();
        let renewed = if has_wishes {
            let scope = self.scope();
            patiently(connection, async || narrower(connection, &scope).await).await?
        } else {
            patiently(connection, async || current(connection).await).await?
        };
        let Renewed { token, expires_in } = renewed;
        Ok(Tokens { access_token: token, expires_in, refresh_token: None })
    }

    fn scope(&self) -> String {
        let mut scopes: Vec<String> = self.scope.clone();
        if self.me {
            scopes.push(ME.to_owned());
        }
        if scopes.is_empty() {
            scopes.push(MY_SCOPES.to_owned());
        }
        scopes.extend(self.expiry.map(|time| format!("{EXPIRY}{}", time.as_secs())));
        scopes.extend(self.offline.then(|| OFFLINE.to_owned()));
        scopes.join(" ")
    }

    fn note_shorter(&self, session: &Session, expires_in: u64) {
        if let Some(asked) = self.expiry.filter(|asked| asked.as_secs() > expires_in) {
            session.say(&format!(
                "note: the server gave a token for {expires_in} s, not for {} s",
                asked.as_secs()
            ));
        }
    }

    fn pass_on(&self, session: &Session, tokens: &Tokens) -> Result<(), Failure> {
        let refresh_token = tokens.refresh_token.as_ref().map(SecretString::expose_secret);
        let access_token = tokens.access_token.expose_secret();
        if let Some(path) = &self.output {
            TokenFile::write(path, access_token, refresh_token)?;
            if session.json {
                print(&format!("{}\n", json!({ "file": path, "expires_in": tokens.expires_in })));
            } else {
                session.say(&format!(
                    "the token is in {}, valid for {} s",
                    path.display(),
                    tokens.expires_in
                ));
            }
            return Ok(());
        }
        if !session.json {
            print(&format!("{access_token}\n"));
            return Ok(());
        }
        let mut object = json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": tokens.expires_in,
        });
        if let (Some(map), Some(token)) = (object.as_object_mut(), refresh_token) {
            map.insert("refresh_token".to_owned(), token.into());
        }
        print(&format!("{object}\n"));
        Ok(())
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|time| {
        let is_whole = time.subsec_nanos() == 0 && !time.is_zero();
        is_whole.then_some(time).ok_or_else(|| format!("`{text}` is not a number of seconds"))
    })
}
