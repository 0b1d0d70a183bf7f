//! Calls of the identity service: forms go out, tokens or the errors of RFC 6749 come back.

use super::connection::{Answer, Connection, RETRY_FOR};
use super::failure::Failure;
use super::profile::AppSecret;
use super::retry::{Trouble, judge};
use dayend_wire::exit::ExitCode;
use dayend_wire::oauth::{TokenBody, TokenErrorBody};
use secrecy::{ExposeSecret as _, SecretString};

/// Where tokens are issued.
pub(super) const TOKEN: &str = "/oauth2/v1/token";

/// How an app says who it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof<'a> {
    Secret(AppSecret<'a>),
    /// A public app only has its id.
    Public(&'a str),
}

/// The answer of the token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: SecretString,
    pub(crate) expires_in: u64,
    pub(crate) refresh_token: Option<SecretString>,
}

/// What the identity service refused, in the words of RFC 6749.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// Such as `invalid_grant`; empty if the answer was no OAuth error.
    pub(crate) error: String,
    pub(crate) said: String,
}

impl Connection {
    /// Sends a form and takes the tokens of the answer, or a failure that tells what was refused.
    pub(crate) async fn tokens(
        &self,
        proof: Proof<'_>,
        form: &[(&str, &str)],
    ) -> Result<Result<Tokens, Trouble>, Failure> {
        Ok(match self.ask_for_tokens(proof, form).await? {
            Ok(Ok(tokens)) => Ok(tokens),
            Ok(Err(refusal)) => return Err(self.no_token(&refusal)),
            Err(trouble) => Err(trouble),
        })
    }

    /// The same, where a refusal is not the end.
    pub(crate) async fn ask_for_tokens(
        &self,
        proof: Proof<'_>,
        form: &[(&str, &str)],
    ) -> Result<Result<Result<Tokens, Refusal>, Trouble>, Failure> {
        let answer = match self.post_form(TOKEN, proof, form).await? {
            Ok(answer) => answer,
            Err(trouble) => return Ok(Err(trouble)),
        };
        if answer.status != 200 {
            return Ok(Ok(Err(refusal(&answer))));
        }
        let body: TokenBody = serde_json::from_slice(&answer.body)
            .map_err(|_| Failure::odd_answer("the token endpoint answered no token"))?;
        Ok(Ok(Ok(Tokens {
            access_token: body.access_token.into(),
            expires_in: body.expires_in,
            refresh_token: body.refresh_token.map(Into::into),
        })))
    }

    /// Posts a form once.
    pub(super) async fn post_form(
        &self,
        path: &str,
        proof: Proof<'_>,
        form: &[(&str, &str)],
    ) -> Result<Result<Answer, Trouble>, Failure> {
        let request = self.client.post(format!("{}{path}", self.profile.base_url));
        let request = match proof {
            Proof::Secret(AppSecret { client_id, secret }) => {
                request.basic_auth(client_id, Some(secret.expose_secret())).form(form)
            }
            Proof::Public(client_id) => {
                let mut form = form.to_vec();
                form.push(("client_id", client_id));
                request.form(&form)
            }
        };
        Ok(self.exchange(request).await?.and_then(judge))
    }

    /// Posts a form until there is an answer.
    pub(super) async fn post_form_patiently(
        &self,
        path: &str,
        proof: Proof<'_>,
        form: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let posted = self.patiently(RETRY_FOR, async || self.post_form(path, proof, form).await);
        posted.await?.map_err(|trouble| out_of_reach(&trouble))
    }

    /// The failure of a command that got no token.
    pub(crate) fn no_token(&self, refusal: &Refusal) -> Failure {
        let sentence = format!(
            "{} gave no access token ({}): check {} in the profile",
            self.profile.base_url,
            refusal.said,
            self.profile.proofs()
        );
        Failure::new(ExitCode::NotAllowed, sentence)
    }
}

/// What an answer that is no success says.
pub(super) fn refusal(answer: &Answer) -> Refusal {
    match serde_json::from_slice::<TokenErrorBody>(&answer.body) {
        Ok(TokenErrorBody { error, error_description: Some(text), .. }) => {
            Refusal { said: format!("{error}: {text}"), error }
        }
        Ok(TokenErrorBody { error, error_description: None, .. }) => {
            Refusal { said: error.clone(), error }
        }
        Err(_) => Refusal { error: String::new(), said: format!("HTTP {}", answer.status) },
    }
}

/// The server did not answer, and nothing hangs on it.
pub(crate) fn out_of_reach(trouble: &Trouble) -> Failure {
    let sentence = format!(
        "{}; given up: is the server running, and is its base URL right? `dayend serve` starts it",
        trouble.sentence
    );
    Failure::new(ExitCode::Unreachable, sentence)
}
