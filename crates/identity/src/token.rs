//! The token endpoint's question and answer.

use secrecy::SecretString;
use serde::Serialize;
use std::net::IpAddr;

/// How the client proved who it is.
#[derive(Debug, Default)]
pub struct ClientCredentials {
    pub client_id: String,
    pub secret: Option<SecretString>,
    /// Sent in the `Authorization` header (and not in the body).
    pub basic: bool,
}

/// The form of `POST /oauth2/v1/token`, each parameter at most once.
#[derive(Debug)]
pub struct TokenRequest {
    pub client: Option<ClientCredentials>,
    pub grant_type: String,
    pub scope: Option<String>,
    pub username: Option<String>,
    pub password: Option<SecretString>,
    pub refresh_token: Option<SecretString>,
    /// Where the request comes from; none: not over a network.
    pub from: Option<IpAddr>,
}

/// RFC 6749 section 5.1.
#[derive(Serialize)]
pub struct TokenAnswer {
    pub access_token: String,
    pub token_type: &'static str,
    pub expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TokenAnswer")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// RFC 6749 section 5.2.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("{0}")]
    InvalidRequest(String),
    /// 401; with `WWW-Authenticate` if Basic was tried.
    #[error("the client is unknown, or its secret is wrong")]
    InvalidClient,
    #[error("{0}")]
    InvalidGrant(&'static str),
    #[error("{0}")]
    UnauthorizedClient(String),
    #[error("the grant type is not supported: use password, client_credentials or refresh_token")]
    UnsupportedGrantType,
    #[error("{0}")]
    InvalidScope(String),
    /// 429 with `Retry-After`: too many attempts for this account, or the server is busy hashing passwords.
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany { retry_after_s: u64 },
    /// 503 with `Retry-After`.
    #[error("the token could not be stored")]
    Unavailable,
}
