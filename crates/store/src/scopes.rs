//! Scopes that exist.

use crate::columns::sealed;
use crate::port::ScopeRow;
use crate::values::Value;

pub(crate) const PUT: &str = "INSERT INTO scopes (tenant, service, workspace, fingerprint) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (tenant, service, workspace) DO NOTHING";
pub(crate) const FIND: &str =
    "SELECT * FROM scopes WHERE tenant = $1 AND service = $2 AND workspace = $3";
pub(crate) const OF_TENANT: &str =
    "SELECT * FROM scopes WHERE tenant = $1 ORDER BY service, workspace";
pub(crate) const ALL: &str = "SELECT * FROM scopes";

/// The columns that name a scope.
pub(crate) fn values(row: &ScopeRow) -> [Value<'_>; 3] {
    [row.tenant.as_str().into(), row.service.as_str().into(), row.workspace.as_str().into()]
}

/// A scope as stored.
pub(crate) struct StoredScope(pub(crate) ScopeRow);

row!(StoredScope, |row| {
    let scope = ScopeRow {
        tenant: row.try_get("tenant")?,
        service: row.try_get("service")?,
        workspace: row.try_get("workspace")?,
    };
    sealed(format_args!("scope `{scope}`"), &values(&scope), row.try_get("fingerprint")?)?;
    Ok(Self(scope))
});
