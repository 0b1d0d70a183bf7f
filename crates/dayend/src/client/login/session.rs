//! What commands do with a log-in: use it, keep a new one, end it.

use super::apart::renew_apart;
use super::kept::{KeptLogin, fingerprint, now};
use super::place::Place;
use super::renew::{Renewed, Wanted, nobody, without_asking};
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::oauth::{Proof, Tokens, out_of_reach};
use crate::client::profile::Grant;
use crate::client::retry::Trouble;
use dayend_wire::exit::ExitCode;
use secrecy::{ExposeSecret as _, SecretString};

/// What a log-in is good for: everything that the user may do, and being renewed.
pub(super) const SCOPE: &str = "urn:opc:idm:__myscopes__ openid offline_access";
pub(crate) const REVOKE: &str = "/oauth2/v1/revoke";

/// The access token of whoever is logged in, renewed if need be; not `refused`, which the server does not take.
pub(crate) async fn token(
    connection: &Connection,
    refused: Option<&SecretString>,
) -> Result<Result<SecretString, Trouble>, Failure> {
    let refused = refused.map(|token| fingerprint(token.expose_secret()));
    let renewed = renewed(connection, Wanted::Token { refused }).await?;
    Ok(renewed.map(|renewed| renewed.token))
}

/// The same with its remaining lifetime.
pub(crate) async fn current(connection: &Connection) -> Result<Result<Renewed, Trouble>, Failure> {
    renewed(connection, Wanted::Token { refused: None }).await
}

/// Another access token of whoever is logged in, with these scopes.
pub(crate) async fn narrower(
    connection: &Connection,
    scope: &str,
) -> Result<Result<Renewed, Trouble>, Failure> {
    renewed(connection, Wanted::Narrower { scope: scope.to_owned() }).await
}

async fn renewed(
    connection: &Connection,
    wanted: Wanted,
) -> Result<Result<Renewed, Trouble>, Failure> {
    let place = Place::of(connection.profile())?;
    let kept = place.read()?.ok_or_else(|| nobody(connection))?;
    check_user(connection, &kept)?;
    match without_asking(&kept, &wanted) {
        Some(renewed) => Ok(Ok(renewed)),
        None => renew_apart(connection, &place, wanted).await,
    }
}

/// A profile that names a user is not used as another one.
fn check_user(connection: &Connection, kept: &KeptLogin) -> Result<(), Failure> {
    match &connection.profile().user {
        Some(user) if *user != kept.user => {
            let sentence = format!(
                "the profile is for {user}, but {} is logged in at {}: run `dayend login` as {user}, or use another profile",
                kept.user, kept.server
            );
            Err(Failure::new(ExitCode::NotAllowed, sentence))
        }
        Some(_) | None => Ok(()),
    }
}

/// Keeps a new log-in, and ends the one that it replaces.
pub(crate) async fn keep(connection: &Connection, tokens: &Tokens) -> Result<KeptLogin, Failure> {
    let profile = connection.profile();
    let login = KeptLogin::new(&profile.base_url, &profile.login_client_id, tokens, now())
        .ok_or_else(|| Failure::odd_answer("the token does not say of which user it is"))?;
    let place = Place::of(profile)?;
    // The user of a profile with secrets is the one whom these are for.
    let checked = match profile.grant() {
        Grant::Login => check_user(connection, &login),
        Grant::ClientCredentials | Grant::Password => Ok(()),
    };
    let kept = match checked {
        Ok(()) => replace(&place, &login).await,
        Err(failure) => Err(failure),
    };
    match kept {
        Ok(earlier) => {
            if let Some(earlier) = earlier {
                let _ = revoke(connection, &earlier).await;
            }
            Ok(login)
        }
        Err(failure) => {
            // Nobody will use it.
            let _ = revoke(connection, &login).await;
            Err(failure)
        }
    }
}

async fn replace(place: &Place, login: &KeptLogin) -> Result<Option<KeptLogin>, Failure> {
    let locked = place.lock().await?;
    // One that cannot be read is replaced all the same: that is how it is repaired.
    let earlier = place.read().ok().flatten();
    locked.draft()?.store(login)?;
    Ok(earlier)
}

/// Ends the log-in at the server and forgets it; `local` only forgets it. None if nobody is logged in.
pub(crate) async fn log_out(
    connection: &Connection,
    local: bool,
) -> Result<Option<KeptLogin>, Failure> {
    let place = Place::of(connection.profile())?;
    let locked = place.lock().await?;
    let kept = match place.read() {
        Ok(None) => return Ok(None),
        Ok(Some(kept)) => Some(kept),
        Err(_) if local => None,
        Err(failure) => return Err(failure),
    };
    if let (Some(kept), false) = (&kept, local) {
        revoke(connection, kept).await?;
    }
    locked.remove()?;
    Ok(kept)
}

/// Revokes the refresh token and with it the access tokens that came from it; one that is no good already is fine.
async fn revoke(connection: &Connection, kept: &KeptLogin) -> Result<(), Failure> {
    let (token, hint) = match &kept.refresh_token {
        Some(token) => (token.as_str(), "refresh_token"),
        None if kept.access_token.is_empty() => return Ok(()),
        None => (kept.access_token.as_str(), "access_token"),
    };
    let revoked = connection.revoke(Proof::Public(&kept.client_id), token, hint).await;
    revoked.map_err(|failure| {
        let sentence =
            format!("{failure}; `dayend logout --local` forgets the log-in here all the same");
        Failure::new(failure.exit, sentence)
    })
}

/// Does it until it works or patience ends.
pub(crate) async fn patiently<T>(
    connection: &Connection,
    once: impl AsyncFnMut() -> Result<Result<T, Trouble>, Failure>,
) -> Result<T, Failure> {
    let usual = crate::client::connection::RETRY_FOR;
    connection.patiently(usual, once).await?.map_err(|trouble| out_of_reach(&trouble))
}
