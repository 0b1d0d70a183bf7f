//! Users, apps, what they may do, and refresh tokens.

use dayend_engine::time::Timestamp;
use std::fmt;

/// A person who can log in.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// 32 hex digits.
    pub id: String,
    pub tenant: String,
    pub name: String,
    pub display_name: String,
    /// Argon2id in PHC form.
    pub password: String,
    pub active: bool,
    pub created_at: Timestamp,
}

/// A program that can ask for tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct AppRow {
    pub client_id: String,
    pub tenant: String,
    pub name: String,
    /// HMAC-SHA-256 of the secret under the server's key; none for a public app.
    pub secret: Option<SecretHash>,
    /// Allowed `grant_type`s, separated by blanks.
    pub grants: String,
    /// Logical errors of the interface answer with 4xx.
    pub strict: bool,
    pub active: bool,
    pub created_at: Timestamp,
}

/// A function that a user or app holds in a scope; `*` stands for any service or workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    pub tenant: String,
    /// `user:<id>` or `app:<client id>`.
    pub grantee: String,
    pub service: String,
    pub workspace: String,
    pub function: String,
    /// False takes the function away.
    pub granted: bool,
}

/// SHA-256 (or HMAC) of a secret: the only form in which one is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

/// A refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshRow {
    pub hash: SecretHash,
    /// All tokens that descend from one log-in share it.
    pub family: String,
    pub client_id: String,
    pub tenant: String,
    pub user_id: String,
    pub scope: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub spent: bool,
    pub revoked: bool,
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretHash(…)")
    }
}

secret_free_debug! {
    UserRow: id, tenant, name, active;
    AppRow: client_id, tenant, name, grants, active;
    RefreshRow: family, client_id, tenant, user_id, scope, expires_at, spent, revoked;
}
