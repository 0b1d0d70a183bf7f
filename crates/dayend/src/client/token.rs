//! The access token of a connection.

use super::connection::{Answer, Connection};
use super::failure::Failure;
use super::profile::{Grant, Profile};
use super::retry::{Trouble, judge};
use dayend_wire::exit::ExitCode;
use dayend_wire::oauth::{TokenBody, TokenErrorBody};
use secrecy::{ExposeSecret as _, SecretString};

impl Connection {
    /// The access token, got if there is none.
    pub(super) async fn token(&self) -> Result<Result<SecretString, Trouble>, Failure> {
        let mut kept = self.token.lock().await;
        if let Some(token) = &*kept {
            return Ok(Ok(token.clone()));
        }
        let Profile { client_id, client_secret, user, password, grant, .. } = &self.profile;
        let mut form = vec![("scope", "urn:opc:idm:__myscopes__")];
        match grant {
            Grant::ClientCredentials => form.push(("grant_type", "client_credentials")),
            Grant::Password => {
                let password = password.as_ref().map_or("", |password| password.expose_secret());
                form.extend([
                    ("grant_type", "password"),
                    ("username", user),
                    ("password", password),
                ]);
            }
        }
        let secret = client_secret.as_ref().map(SecretString::expose_secret);
        let url = format!("{}/oauth2/v1/token", self.profile.base_url);
        let answer = match self
            .exchange(self.client.post(url).basic_auth(client_id, secret).form(&form))
            .await?
        {
            Ok(answer) => judge(answer),
            Err(trouble) => Err(trouble),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(trouble) => return Ok(Err(trouble)),
        };
        if answer.status != 200 {
            return Err(self.refused(&answer));
        }
        let body: TokenBody = serde_json::from_slice(&answer.body)
            .map_err(|_| Failure::odd_answer("the token endpoint answered no token"))?;
        let token = SecretString::from(body.access_token);
        *kept = Some(token.clone());
        Ok(Ok(token))
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let said = serde_json::from_slice::<TokenErrorBody>(&answer.body);
        let said = said.map_or_else(
            |_| format!("HTTP {}", answer.status),
            |body| {
                body.error_description
                    .map_or(body.error.clone(), |text| format!("{}: {text}", body.error))
            },
        );
        let sentence = format!(
            "{} gave no access token ({said}): check {} in the profile",
            self.profile.base_url,
            self.profile.proofs()
        );
        Failure::new(ExitCode::NotAllowed, sentence)
    }
}
