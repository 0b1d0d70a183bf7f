//! Users.

use crate::columns::sealed;
use crate::port::UserRow;
use crate::values::Value;
use dayend_engine::time::Timestamp;

pub(crate) const PUT: &str = "INSERT INTO users (id, tenant, name, display_name, password, active, created_at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, name = excluded.name, display_name = excluded.display_name, \
    password = excluded.password, active = excluded.active, created_at = excluded.created_at, fingerprint = excluded.fingerprint";
pub(crate) const BY_NAME: &str = "SELECT * FROM users WHERE tenant = $1 AND name = $2";
pub(crate) const BY_ID: &str = "SELECT * FROM users WHERE tenant = $1 AND id = $2";
/// Another user with that name.
pub(crate) const NAMESAKE: &str =
    "SELECT COUNT(*) FROM users WHERE tenant = $1 AND name = $2 AND id <> $3";
pub(crate) const AFTER: &str =
    "SELECT * FROM users WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT $3";
pub(crate) const DELETE: &str = "DELETE FROM users WHERE tenant = $1 AND id = $2";
pub(crate) const ALL: &str = "SELECT * FROM users";

/// The columns of a user.
pub(crate) fn values(row: &UserRow) -> [Value<'_>; 7] {
    [
        row.id.as_str().into(),
        row.tenant.as_str().into(),
        row.name.as_str().into(),
        row.display_name.as_str().into(),
        row.password.as_str().into(),
        row.active.into(),
        row.created_at.into(),
    ]
}

row!(UserRow, |row| {
    let user = Self {
        id: row.try_get("id")?,
        tenant: row.try_get("tenant")?,
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        password: row.try_get("password")?,
        active: row.try_get("active")?,
        created_at: Timestamp(row.try_get("created_at")?),
    };
    sealed(format_args!("user `{}`", user.name), &values(&user), row.try_get("fingerprint")?)?;
    Ok(user)
});
