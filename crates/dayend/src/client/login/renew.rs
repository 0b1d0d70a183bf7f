//! Renewing a log-in. A refresh token is good for one use, so the order of things decides what an accident costs:
//!
//! 1. the lock, so that of two processes one renews and the other takes what it finds afterwards;
//! 2. the file is read again: perhaps somebody has renewed it meanwhile;
//! 3. the next file is made, with its space reserved: if that cannot be, nothing is spent;
//! 4. the token is spent;
//! 5. its successor is written, flushed, put in place by a rename, and the directory is flushed; only then is it used.
//!
//! What remains is a crash of the machine, or a lost answer, between 4 and 5.

use super::kept::{KeptLogin, now};
use super::place::Place;
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::oauth::{Proof, Tokens};
use crate::client::retry::Trouble;
use dayend_wire::exit::ExitCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// What is wanted of a log-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    /// Its access token; not the one with this fingerprint, which the server refused.
    Token { refused: Option<String> },
    /// Another access token, with these scopes.
    Narrower { scope: String },
}

/// An access token, and how long it is good.
#[derive(Clone, Debug)]
pub(crate) struct Renewed {
    pub(crate) token: SecretString,
    pub(crate) expires_in: u64,
}

/// Spends the refresh token, unless there is no need to.
pub(super) async fn renew(
    connection: &Connection,
    place: &Place,
    wanted: &Wanted,
) -> Result<Result<Renewed, Trouble>, Failure> {
    let locked = place.lock().await?;
    let kept = place.read()?.ok_or_else(|| nobody(connection))?;
    if let Some(renewed) = without_asking(&kept, wanted) {
        return Ok(Ok(renewed));
    }
    let Some(refresh_token) = kept.refresh_token.clone() else {
        return Err(ended(&kept, "it cannot be renewed"));
    };
    let draft = locked.draft()?;
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &refresh_token)];
    if let Wanted::Narrower { scope } = wanted {
        form.push(("scope", scope));
    }
    let tokens = match connection.ask_for_tokens(Proof::Public(&kept.client_id), &form).await? {
        Ok(Ok(tokens)) => tokens,
        Ok(Err(refusal)) if refusal.error == "invalid_grant" => {
            // What the server does not take is not shown to it again.
            draft.store(&kept.ended())?;
            return Err(ended(&kept, &refusal.said));
        }
        Ok(Err(refusal)) => return Err(connection.no_token(&refusal)),
        Err(trouble) => return Ok(Err(trouble)),
    };
    draft.store(&next(&kept, wanted, &tokens))?;
    Ok(Ok(Renewed { token: tokens.access_token, expires_in: tokens.expires_in }))
}

/// What is kept already, if that is what is wanted.
pub(super) fn without_asking(kept: &KeptLogin, wanted: &Wanted) -> Option<Renewed> {
    match wanted {
        Wanted::Token { refused } => {
            let token = kept.usable(now(), refused.as_deref())?;
            let left = kept.access_expires_at.saturating_sub(now());
            Some(Renewed { token, expires_in: u64::try_from(left).unwrap_or(0) })
        }
        Wanted::Narrower { .. } => None,
    }
}

fn next(kept: &KeptLogin, wanted: &Wanted, tokens: &Tokens) -> KeptLogin {
    match wanted {
        Wanted::Token { .. } => kept.renewed(tokens, now()),
        Wanted::Narrower { .. } => kept.rotated(tokens),
    }
}

/// Nobody is logged in, and the profile has no other way.
pub(super) fn nobody(connection: &Connection) -> Failure {
    let profile = connection.profile();
    let unused = if profile.client_id.is_some() {
        " (or put the client_secret into the profile, or into DAYEND_CLIENT_SECRET)"
    } else {
        ""
    };
    let sentence =
        format!("nobody is logged in at {}: run `dayend login`{unused}", profile.base_url);
    Failure::new(ExitCode::NotAllowed, sentence)
}

fn ended(kept: &KeptLogin, why: &str) -> Failure {
    let why = visible_reason(why);
    let sentence = format!(
        "the log-in of {} at {} has ended ({why}): run `dayend login`",
        kept.user, kept.server
    );
    Failure::new(ExitCode::NotAllowed, sentence)
}

/// At most a line of what the server said.
fn visible_reason(why: &str) -> String {
    why.chars().take(200).collect()
}

impl Renewed {
    /// As it goes from one process of ours to another.
    pub(super) fn exposed(&self) -> (&str, u64) {
        (self.token.expose_secret(), self.expires_in)
    }
}
