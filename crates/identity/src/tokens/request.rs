//! A token request from beginning to end.

use super::client::allow;
use crate::identity::Identity;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use dayend_store::port::DocumentChange;

/// The grants that an app can be allowed to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantType {
    /// A user's name and password.
    Password,
    /// The app's own token.
    ClientCredentials,
    /// A new access token without the user.
    RefreshToken,
    /// A log-in in the browser.
    AuthorizationCode,
    /// A user whom the app names in a JWT that it signed.
    JwtBearer,
    /// A log-in in the browser of another device.
    DeviceCode,
    /// An access token for a narrower one.
    TokenExchange,
}

impl GrantType {
    /// All grants.
    pub const ALL: [Self; 7] = [
        Self::Password,
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::AuthorizationCode,
        Self::JwtBearer,
        Self::DeviceCode,
        Self::TokenExchange,
    ];

    /// The value of `grant_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::AuthorizationCode => "authorization_code",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// The grant with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }

    /// Whether it rests on the app alone, or lets the app speak for people: what a public app sends proves nothing.
    pub(crate) fn needs_secret(self) -> bool {
        match self {
            Self::Password | Self::ClientCredentials | Self::JwtBearer | Self::TokenExchange => {
                true
            }
            Self::RefreshToken | Self::AuthorizationCode | Self::DeviceCode => false,
        }
    }
}

/// What is known of a request so far; goes into the audit if it is refused.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    /// A client that exists.
    pub(crate) client: Option<String>,
    /// The client has proved who it is.
    pub(crate) proven: bool,
    /// It did so with a secret or a key: it did not only name itself.
    pub(crate) confidential: bool,
    pub(crate) grant: Option<GrantType>,
    /// A user who exists.
    pub(crate) user: Option<String>,
    /// The refusal is in the audit already.
    pub(crate) recorded: bool,
    /// What the client's proof uses up, together with what is issued on it.
    pub(crate) spends: Vec<DocumentChange>,
}

impl Identity {
    /// Answers `POST /oauth2/v1/token`: what is issued is durable before this returns.
    pub async fn token(
        &self,
        request: TokenRequest,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let mut asking = Asking::default();
        let answer = self.issue_for(request, &mut asking, now).await;
        if let Err(refused) = &answer {
            self.record_refusal(&asking, refused, now).await;
        }
        answer
    }

    async fn issue_for(
        &self,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let app = self.authenticated_client(request.client.as_ref(), asking, now).await?;
        if request.grant_type.is_empty() {
            return Err(TokenError::InvalidRequest(
                "the parameter grant_type is required".to_owned(),
            ));
        }
        let grant =
            GrantType::from_name(&request.grant_type).ok_or(TokenError::UnsupportedGrantType)?;
        asking.grant = Some(grant);
        allow(&app, grant, asking.confidential)?;
        match grant {
            GrantType::Password => self.password_grant(&app, request, asking, now).await,
            GrantType::ClientCredentials => {
                self.client_credentials_grant(&app, request, asking, now).await
            }
            GrantType::RefreshToken => self.refresh_grant(&app, request, asking, now).await,
            GrantType::AuthorizationCode => self.code_grant(&app, request, asking, now).await,
            GrantType::JwtBearer => self.jwt_grant(&app, request, asking, now).await,
            GrantType::DeviceCode => self.device_grant(&app, request, asking, now).await,
            GrantType::TokenExchange => self.exchange_grant(&app, request, asking, now).await,
        }
    }
}
