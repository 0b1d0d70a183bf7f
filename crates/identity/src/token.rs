//! The token endpoint's question and answer.

use secrecy::SecretString;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::net::IpAddr;

/// How the client proved who it is.
#[derive(Debug, Default)]
pub struct ClientCredentials {
    /// Empty: the assertion names it.
    pub client_id: String,
    pub secret: Option<SecretString>,
    /// Sent in the `Authorization` header (and not in the body).
    pub basic: bool,
    /// A JWT that the client signed, instead of a secret (RFC 7523).
    pub assertion: Option<SecretString>,
}

/// The form of `POST /oauth2/v1/token`, each parameter at most once.
#[derive(Debug, Default)]
pub struct TokenRequest {
    pub client: Option<ClientCredentials>,
    pub grant_type: String,
    pub scope: Option<String>,
    /// `password`.
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// `refresh_token`.
    pub refresh_token: Option<SecretString>,
    /// `authorization_code`.
    pub code: Option<SecretString>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<SecretString>,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    pub assertion: Option<SecretString>,
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    pub device_code: Option<SecretString>,
    /// `urn:ietf:params:oauth:grant-type:token-exchange`.
    pub subject_token: Option<SecretString>,
    pub subject_token_type: Option<String>,
    pub requested_token_type: Option<String>,
    pub actor_token: Option<SecretString>,
    pub audience: Option<String>,
    pub resource: Option<String>,
    /// Where the request comes from; none: not over a network.
    pub from: Option<IpAddr>,
}

/// The form of `POST /oauth2/v1/revoke` and `POST /oauth2/v1/introspect`. What kind of token it is shows: hints are not needed.
#[derive(Debug, Default)]
pub struct AboutToken {
    pub client: Option<ClientCredentials>,
    pub token: Option<SecretString>,
}

/// The form of `POST /oauth2/v1/device`.
#[derive(Debug, Default)]
pub struct DeviceRequest {
    pub client: Option<ClientCredentials>,
    pub response_type: Option<String>,
    pub scope: Option<String>,
}

/// RFC 8628 section 3.2.
#[derive(Serialize)]
pub struct DeviceAnswer {
    pub device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: String,
    pub expires_in: u64,
    pub interval: u64,
}

impl std::fmt::Debug for DeviceAnswer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("DeviceAnswer")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// RFC 6749 section 5.1.
#[derive(Default)]
pub struct TokenAnswer {
    pub access_token: String,
    /// RFC 8693 section 2.2.1: only in the answer to a token exchange.
    pub issued_token_type: Option<&'static str>,
    pub token_type: &'static str,
    pub expires_in: u64,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
    /// Tokens for further resource servers, if several were asked for at once.
    pub others: Vec<TokenAnswer>,
}

impl Serialize for TokenAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if self.others.is_empty() {
            self.write_token(&mut object)?;
        } else {
            let all: Vec<One<'_>> = std::iter::once(self).chain(&self.others).map(One).collect();
            object.serialize_entry("tokenResponses", &all)?;
        }
        for (name, token) in [("refresh_token", &self.refresh_token), ("id_token", &self.id_token)]
        {
            if let Some(token) = token {
                object.serialize_entry(name, token)?;
            }
        }
        object.end()
    }
}

impl TokenAnswer {
    fn write_token<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        object.serialize_entry("access_token", &self.access_token)?;
        if let Some(kind) = self.issued_token_type {
            object.serialize_entry("issued_token_type", kind)?;
        }
        object.serialize_entry("token_type", self.token_type)?;
        object.serialize_entry("expires_in", &self.expires_in)
    }
}

/// One of several tokens.
struct One<'a>(&'a TokenAnswer);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.0.write_token(&mut object)?;
        object.end()
    }
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TokenAnswer")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// RFC 6749 section 5.2, RFC 8628 section 3.5 and RFC 8693 section 2.2.2.
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
    #[error("the grant type is not supported: see grant_types_supported in the discovery document")]
    UnsupportedGrantType,
    #[error("{0}")]
    InvalidScope(String),
    #[error("{0}")]
    InvalidTarget(String),
    #[error("nobody has entered the user code yet")]
    AuthorizationPending,
    #[error("the device asks too often: wait five seconds longer each time")]
    SlowDown,
    #[error("the device code has expired: ask for another one")]
    ExpiredToken,
    #[error("the user refused")]
    AccessDenied,
    /// 429 with `Retry-After`: too many attempts for this account, or the server is busy hashing passwords.
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany { retry_after_s: u64 },
    /// 503 with `Retry-After`.
    #[error("the token could not be stored")]
    Unavailable,
}
