//! What a token's user is called, as far as the token's scopes say.

use crate::caller::Caller;
use crate::identity::Identity;
use crate::known::KnownUser;
use dayend_store::port::StoreError;
use serde_json::{Map, Value, json};

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
pub enum UserInfoError {
    #[error("the token must have the scope openid")]
    InsufficientScope,
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl Identity {
    /// The claims of OpenID Connect for the token's user; `openid` alone gives what Oracle's identity service gives.
    pub async fn userinfo(&self, caller: &Caller) -> Result<Value, UserInfoError> {
        let user = caller.user.as_ref().filter(|_| caller.has_scope("openid"));
        let user = user.ok_or(UserInfoError::InsufficientScope)?;
        let user = self.read_user(&caller.tenant, &user.id).await?;
        let user = user.ok_or(UserInfoError::InsufficientScope)?;
        let mut claims = about(&user);
        if caller.has_scope("email") {
            let email = user.profile.emails.iter().find(|email| email.primary);
            let email = email.or_else(|| user.profile.emails.first());
            claims.insert("email".to_owned(), json!(email.map_or("", |email| &email.value)));
            claims.insert("email_verified".to_owned(), json!(false));
        }
        if caller.has_scope("phone") {
            claims.insert("phone_number".to_owned(), json!(user.profile.phone));
            claims.insert("phone_number_verified".to_owned(), json!(false));
        }
        if caller.has_scope("groups") || caller.has_scope("get_groups") {
            let groups = self.group_names_of(&caller.tenant, &user.row.id).await?;
            let groups = groups.into_iter().map(|(id, name)| json!({ "name": name, "id": id }));
            claims.insert("groups".to_owned(), groups.collect());
        }
        if caller.has_scope("approles") || caller.has_scope("get_approles") {
            let roles = user.roles.iter().map(|name| json!({ "name": name }));
            claims.insert("appRoles".to_owned(), roles.collect());
        }
        Ok(Value::Object(claims))
    }
}

/// The scopes that say something about the user, or bring a refresh token: what discovery names.
pub const SCOPES: [&str; 9] = [
    "openid",
    "profile",
    "offline_access",
    "email",
    "phone",
    "groups",
    "get_groups",
    "approles",
    "get_approles",
];

/// Every claim that an ID token or this answer can have: what discovery names.
pub const CLAIMS: [&str; 37] = [
    "aud",
    "exp",
    "iat",
    "iss",
    "jti",
    "sub",
    "auth_time",
    "nonce",
    "at_hash",
    "azp",
    "amr",
    "sid",
    "session_exp",
    "authn_strength",
    "tok_type",
    "tenant",
    "user_id",
    "user_displayname",
    "user_tenantname",
    "user_locale",
    "user_lang",
    "user_tz",
    "sub_mappingattr",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "birthdate",
    "gender",
    "website",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "groups",
    "appRoles",
];

fn about(user: &KnownUser) -> Map<String, Value> {
    let claims = [
        ("birthdate", json!("")),
        ("family_name", json!(user.profile.family_name)),
        ("gender", json!("")),
        ("given_name", json!(user.profile.given_name)),
        ("name", json!(user.row.display_name)),
        ("preferred_username", json!(user.row.name)),
        ("sub", json!(user.row.name)),
        ("updated_at", json!(user.row.created_at.0.div_euclid(1_000_000))),
        ("website", json!("")),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
