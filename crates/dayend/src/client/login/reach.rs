//! Whether the server is there and is the one that is meant, before a person is sent to it.

use super::session::patiently;
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::retry::judge;
use serde::Deserialize;

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
}

/// Reaches the server once: a wrong address, an unknown certificate and another name come out before the log-in, not after it.
pub(super) async fn check(connection: &Connection) -> Result<(), Failure> {
    let profile = connection.profile();
    let url = format!("{}{DISCOVERY}", profile.base_url);
    let answer = patiently(connection, async || {
        Ok(connection.exchange(connection.client.get(&url)).await?.and_then(judge))
    });
    let answer = answer.await?;
    let said = serde_json::from_slice::<Discovered>(&answer.body);
    match (answer.status, said) {
        (200, Ok(Discovered { issuer })) if !is_same(&issuer, profile.issuer()) => {
            Err(Failure::usage(format!(
                "the server at {} calls itself {issuer}: use that as --server or base_url (or name it as `issuer` in the profile, if it is only a name)",
                profile.base_url
            )))
        }
        (_, _) => Ok(()),
    }
}

fn is_same(said: &str, expected: &str) -> bool {
    said.trim_end_matches('/') == expected.trim_end_matches('/')
}
