//! Apps.

use crate::columns::{hash, sealed};
use crate::port::{AppRow, SecretHash};
use crate::values::Value;
use dayend_engine::time::Timestamp;

pub(crate) const PUT: &str = "INSERT INTO apps (client_id, tenant, name, secret, grants, strict, active, created_at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
    ON CONFLICT (client_id) DO UPDATE SET tenant = excluded.tenant, name = excluded.name, secret = excluded.secret, \
    grants = excluded.grants, strict = excluded.strict, active = excluded.active, created_at = excluded.created_at, \
    fingerprint = excluded.fingerprint";
pub(crate) const FIND: &str = "SELECT * FROM apps WHERE client_id = $1";
pub(crate) const AFTER: &str =
    "SELECT * FROM apps WHERE tenant = $1 AND client_id > $2 ORDER BY client_id LIMIT $3";
pub(crate) const DELETE: &str = "DELETE FROM apps WHERE tenant = $1 AND client_id = $2";
pub(crate) const ALL: &str = "SELECT * FROM apps";

/// The columns of an app.
pub(crate) fn values(row: &AppRow) -> [Value<'_>; 8] {
    [
        row.client_id.as_str().into(),
        row.tenant.as_str().into(),
        row.name.as_str().into(),
        row.secret.as_ref().map(|secret| &secret.0).into(),
        row.grants.as_str().into(),
        row.strict.into(),
        row.active.into(),
        row.created_at.into(),
    ]
}

row!(AppRow, |row| {
    let secret: Option<&[u8]> = row.try_get("secret")?;
    let app = Self {
        client_id: row.try_get("client_id")?,
        tenant: row.try_get("tenant")?,
        name: row.try_get("name")?,
        secret: secret.map(|bytes| hash(bytes, "secret").map(SecretHash)).transpose()?,
        grants: row.try_get("grants")?,
        strict: row.try_get("strict")?,
        active: row.try_get("active")?,
        created_at: Timestamp(row.try_get("created_at")?),
    };
    sealed(format_args!("app `{}`", app.client_id), &values(&app), row.try_get("fingerprint")?)?;
    Ok(app)
});
