//! Whether the server takes a token, and how it stops taking one.

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::login::REVOKE;
use super::oauth::{Proof, out_of_reach, refusal};
use super::retry::judge;
use dayend_wire::exit::ExitCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

const INTROSPECT: &str = "/oauth2/v1/introspect";
/// Anything that looks at the token before everything else.
const PROBE: &str = "/api/v1/runs?limit=1";

/// What the server says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Good,
    Bad,
}

#[derive(Deserialize)]
struct Introspection {
    active: bool,
}

impl Connection {
    /// The connection's own token, once the server has taken it: one that it does not take is renewed.
    pub(crate) async fn accepted_token(&self) -> Result<SecretString, Failure> {
        let answer = self.send(&Request::get(PROBE.to_owned())).await?;
        let bearer = self.bearer().await?.map_err(|trouble| out_of_reach(&trouble))?;
        if answer.status == 401 {
            let sentence = format!(
                "{} does not take its own new token: look at the server's log",
                self.profile().base_url
            );
            return Err(Failure::new(ExitCode::NotAllowed, sentence));
        }
        Ok(bearer.token)
    }

    /// Asks what a token is worth: by introspection if the profile's app learns it that way, else by using it.
    pub(crate) async fn validity(
        &self,
        token: &SecretString,
        issued_to: Option<&str>,
    ) -> Result<Validity, Failure> {
        if let Some(app) = self.profile().app() {
            let form = [("token", token.expose_secret())];
            let answer = self.post_form_patiently(INTROSPECT, Proof::Secret(app), &form).await?;
            let said = serde_json::from_slice::<Introspection>(&answer.body);
            // Of tokens that are none of its business an app hears the same as of bad ones.
            let knows = issued_to == Some(app.client_id);
            match (answer.status, said) {
                (200, Ok(Introspection { active: true })) => return Ok(Validity::Good),
                (200, Ok(Introspection { active: false })) if knows => return Ok(Validity::Bad),
                (_, _) => {}
            }
        }
        let url = format!("{}{PROBE}", self.profile().base_url);
        let asked = self.patiently(super::connection::RETRY_FOR, async || {
            let request = self.client.get(&url).bearer_auth(token.expose_secret());
            Ok(self.exchange(request).await?.and_then(judge))
        });
        let answer = asked.await?.map_err(|trouble| out_of_reach(&trouble))?;
        match answer.status {
            401 => Ok(Validity::Bad),
            200..=499 => Ok(Validity::Good),
            status => Err(Failure::odd_answer(&format!("HTTP {status}"))),
        }
    }

    /// The app that may revoke a token that was issued to this one; an unknown one is taken for our own.
    pub(crate) fn app_that_may_revoke(&self, issued_to: Option<&str>) -> Option<Proof<'_>> {
        let profile = self.profile();
        let app = profile.app().map(|app| (app.client_id, Proof::Secret(app)));
        let public = profile.login_client_id.as_str();
        let known = app.into_iter().chain([(public, Proof::Public(public))]);
        let mut known = known.filter(|(id, _)| issued_to.is_none_or(|issued_to| issued_to == *id));
        known.next().map(|(_, proof)| proof)
    }

    /// Revokes a token; one that is no good already is fine.
    pub(crate) async fn revoke(
        &self,
        proof: Proof<'_>,
        token: &str,
        hint: &str,
    ) -> Result<(), Failure> {
        let form = [("token", token), ("token_type_hint", hint)];
        let answer = self.post_form_patiently(REVOKE, proof, &form).await?;
        if answer.status == 200 {
            return Ok(());
        }
        let base_url = &self.profile().base_url;
        let sentence = format!("{base_url} did not revoke the token: {}", refusal(&answer).said);
        Err(Failure::new(ExitCode::NotAllowed, sentence))
    }
}
