//! What an app may do, where its users come back to, and what it protects.

use crate::model::{Document, Stamp};
use dayend_engine::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The settings of an app. The default allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as in the admin API"
)]
pub struct AppSettings {
    /// 32 hex digits: the app's id in the admin API; the client id is its name there.
    pub id: String,
    pub description: String,
    /// The kind of app it was made as: `CustomWebAppTemplateId`, `CustomBrowserMobileTemplateId`.
    pub template: String,
    /// Compared as whole texts.
    pub redirect_uris: Vec<String>,
    /// Redirects may use other schemes than `https`.
    pub all_url_schemes_allowed: bool,
    pub post_logout_redirect_uris: Vec<String>,
    pub logout_uri: Option<String>,
    /// No consent page.
    pub bypass_consent: bool,
    /// `introspect`, `onBehalfOfUser`.
    pub allowed_operations: Vec<String>,
    /// Fully qualified scopes of other apps that it may ask for: audience and scope, one after the other.
    pub allowed_scopes: Vec<String>,
    /// `Explicit`, `Account` or `Tags`.
    pub trust_scope: Option<String>,
    /// With `Tags`: it trusts the resource servers that have one of these.
    pub allowed_tags: Vec<AppTag>,
    /// By which apps that trust `Tags` find it.
    pub tags: Vec<AppTag>,
    /// What it protects as a resource server.
    pub audience: Option<String>,
    pub scopes: Vec<ResourceScope>,
    pub secondary_audiences: Vec<String>,
    /// Its scopes may come with a refresh token.
    pub allow_offline: bool,
    /// The lifetime of access tokens for its scopes, in seconds.
    pub access_token_s: Option<u64>,
    /// The lifetime of refresh tokens for its scopes, in seconds.
    pub refresh_token_s: Option<u64>,
    /// The longest lifetime of an access token that the app can ask for, in seconds.
    pub max_access_token_s: Option<u64>,
    /// Proves who the app is when it signs its own assertions.
    pub certificates: Vec<Certificate>,
    /// Exact origins of pages that may call the token endpoint for this app.
    pub cors_origins: Vec<String>,
    /// Pages without an origin (`Origin: null`) may call it too.
    pub cors_null_origin: bool,
    /// It was made as a client, as a resource server, or as both.
    pub oauth_client: bool,
    pub oauth_resource: bool,
    /// A confidential client that is also trusted to speak for users.
    pub trusted: bool,
    /// Access and refresh tokens of the app that began before this instant (in microseconds) are refused.
    pub valid_from: i64,
    pub stamp: Stamp,
}

/// A scope that an app protects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceScope {
    /// What follows the audience in the fully qualified scope.
    pub value: String,
    pub description: String,
    pub display_name: String,
    pub requires_consent: bool,
}

/// A mark on an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppTag {
    pub key: String,
    pub value: String,
}

/// A public key of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    pub alias: String,
    pub kid: String,
    /// SHA-1 of the DER form, base64url.
    pub x5t: String,
    /// The certificate in DER, base64.
    pub x509_base64: String,
}

impl AppSettings {
    /// Whether what began at `at` still counts.
    pub fn counts_since(&self, at: Timestamp) -> bool {
        at.0 >= self.valid_from
    }
}

impl Document for AppSettings {
    const KIND: &'static str = "app-settings";
}
