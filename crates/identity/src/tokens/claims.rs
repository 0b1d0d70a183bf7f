//! What an access token says, with the names and in the order of Oracle's identity service.

use super::request::GrantType;
use crate::keys::Keys;
use crate::known::{KnownApp, KnownUser};
use dayend_engine::time::Timestamp;
use serde::Serialize;

/// `tok_type` of an access token.
pub(super) const ACCESS_TOKEN: &str = "AT";
/// `sub_type` of a token with and without a user.
pub(super) const SUBJECT_USER: &str = "user";
pub(super) const SUBJECT_CLIENT: &str = "client";

/// Whom a token is for.
pub(super) struct Subject<'a> {
    pub(super) app: &'a KnownApp,
    pub(super) user: Option<&'a KnownUser>,
}

/// The grant as `gtp` says it.
fn mark(grant: GrantType) -> &'static str {
    match grant {
        GrantType::Password => "ro",
        GrantType::ClientCredentials => "cc",
        GrantType::RefreshToken => "rt",
        GrantType::AuthorizationCode => "azc",
        GrantType::JwtBearer => "jwt",
        GrantType::DeviceCode => "dc",
        GrantType::TokenExchange => "te",
    }
}

#[derive(Serialize)]
pub(super) struct AccessClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_tz: Option<&'a str>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_locale: Option<&'a str>,
    #[serde(rename = "user.tenant.name", skip_serializing_if = "Option::is_none")]
    user_tenant_name: Option<&'a str>,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_tenantname: Option<&'a str>,
    client_id: &'a str,
    sub_type: &'a str,
    scope: String,
    client_tenantname: &'a str,
    region_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_lang: Option<&'a str>,
    #[serde(rename = "userAppRoles", skip_serializing_if = "Option::is_none")]
    user_app_roles: Option<Vec<&'a str>>,
    exp: i64,
    iat: i64,
    client_guid: String,
    client_name: &'a str,
    tenant: &'a str,
    jti: &'a str,
    gtp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_displayname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_mappingattr: Option<&'a str>,
    #[serde(rename = "primTenant")]
    prim_tenant: bool,
    tok_type: &'a str,
    ca_guid: String,
    aud: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(rename = "clientAppRoles")]
    client_app_roles: Vec<&'a str>,
    tenant_iss: &'a str,
    /// Only in a token that came out of an exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_jti: Option<&'a str>,
}

/// What is decided about a token before its claims are written.
pub(super) struct Terms<'a> {
    pub(super) issuer: &'a str,
    pub(super) audiences: &'a [String],
    pub(super) scope: String,
    pub(super) grant: GrantType,
    /// `jti`.
    pub(super) id: &'a str,
    pub(super) parent: Option<&'a str>,
    pub(super) now: Timestamp,
    pub(super) lifetime_s: u64,
}

impl<'a> AccessClaims<'a> {
    /// The claims of a new token.
    pub(super) fn new(keys: &Keys, subject: &Subject<'a>, terms: Terms<'a>) -> Self {
        let (app, user) = (&subject.app.row, subject.user.map(|user| &user.row));
        let profile = subject.user.map(|user| &user.profile);
        let tenant = app.tenant.as_str();
        let iat = seconds(terms.now);
        let for_user = |value: &'a str| user.map(|_| value);
        Self {
            user_tz: profile.map(|profile| or(&profile.timezone, "Etc/UTC")),
            sub: user.map_or(app.client_id.as_str(), |user| user.name.as_str()),
            user_locale: profile.map(|profile| or(&profile.locale, "en")),
            user_tenant_name: for_user(tenant),
            iss: terms.issuer,
            user_tenantname: for_user(tenant),
            client_id: &app.client_id,
            sub_type: if user.is_some() { SUBJECT_USER } else { SUBJECT_CLIENT },
            scope: terms.scope,
            client_tenantname: tenant,
            region_name: "local",
            user_lang: profile.map(|profile| or(&profile.locale, "en")),
            user_app_roles: subject.user.map(|user| roles("Authenticated", &user.roles)),
            exp: iat.saturating_add_unsigned(terms.lifetime_s),
            iat,
            client_guid: keys.server.stable_id("client", &app.client_id),
            client_name: &app.name,
            tenant,
            jti: terms.id,
            gtp: mark(terms.grant),
            user_displayname: user.map(|user| user.display_name.as_str()),
            sub_mappingattr: for_user("userName"),
            prim_tenant: true,
            tok_type: ACCESS_TOKEN,
            ca_guid: format!("cacct-{}", keys.server.stable_id("account", tenant)),
            aud: terms.audiences,
            user_id: user.map(|user| user.id.as_str()),
            client_app_roles: roles("Authenticated Client", &subject.app.roles),
            tenant_iss: terms.issuer,
            parent_jti: terms.parent,
        }
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// The role that everybody has, and the others.
fn roles<'a>(everybody: &'a str, others: &'a [String]) -> Vec<&'a str> {
    std::iter::once(everybody).chain(others.iter().map(String::as_str)).collect()
}

/// Whole seconds since the Unix epoch, as claims count.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}
