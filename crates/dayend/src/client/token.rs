//! The access token of a connection.

use super::claims::Claims;
use super::connection::Connection;
use super::failure::Failure;
use super::login;
use super::oauth::{Proof, Tokens};
use super::profile::{Grant, Profile};
use super::retry::Trouble;
use secrecy::{ExposeSecret as _, SecretString};

/// Everything that the caller may have.
pub(crate) const MY_SCOPES: &str = "urn:opc:idm:__myscopes__";

/// An access token, and what it says of whom it is for.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) token: SecretString,
    pub(crate) tenant: Option<String>,
    /// None for an app's own token.
    pub(crate) user: Option<String>,
}

/// The token in use, and the last one that the server refused.
#[derive(Debug, Default)]
pub(super) struct Held {
    bearer: Option<Bearer>,
    refused: Option<SecretString>,
}

impl Held {
    /// The server does not take the token any more.
    pub(super) fn refuse(&mut self) {
        if let Some(bearer) = self.bearer.take() {
            self.refused = Some(bearer.token);
        }
    }
}

impl Bearer {
    /// A token with its claims, as far as it can be read.
    pub(crate) fn new(token: SecretString) -> Self {
        let claims = Claims::of(token.expose_secret()).unwrap_or_default();
        Self {
            tenant: claims.text("tenant").map(str::to_owned),
            user: claims.user().map(str::to_owned),
            token,
        }
    }
}

impl Connection {
    /// The access token, got if there is none.
    pub(crate) async fn bearer(&self) -> Result<Result<Bearer, Trouble>, Failure> {
        let mut held = self.held.lock().await;
        if let Some(bearer) = &held.bearer {
            return Ok(Ok(bearer.clone()));
        }
        let token = match self.profile.grant() {
            Grant::Login => login::token(self, held.refused.as_ref()).await?,
            Grant::ClientCredentials | Grant::Password => {
                self.issue(MY_SCOPES).await?.map(|tokens| tokens.access_token)
            }
        };
        let bearer = match token {
            Ok(token) => Bearer::new(token),
            Err(trouble) => return Ok(Err(trouble)),
        };
        held.bearer = Some(bearer.clone());
        Ok(Ok(bearer))
    }

    /// A new access token, by the credentials of the profile.
    pub(crate) async fn issue(&self, scope: &str) -> Result<Result<Tokens, Trouble>, Failure> {
        let Profile { user, password, .. } = &self.profile;
        let grant = self.profile.grant();
        let mut form = vec![("scope", scope)];
        if grant == Grant::Password {
            let password = password.as_ref().map_or("", |password| password.expose_secret());
            let user = user.as_deref().unwrap_or_default();
            form.extend([("grant_type", "password"), ("username", user), ("password", password)]);
        } else {
            form.push(("grant_type", "client_credentials"));
        }
        let app = self.profile.app().ok_or_else(|| {
            Failure::usage("the profile has no client_id and client_secret to get a token with")
        })?;
        self.tokens(Proof::Secret(app), &form).await
    }
}
