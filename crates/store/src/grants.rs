//! Grants. A function that was taken away has no row.

use crate::columns::sealed;
use crate::port::GrantRow;
use crate::values::Value;

pub(crate) const PUT: &str = "INSERT INTO grants (tenant, grantee, service, workspace, function, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, grantee, service, workspace, function) DO NOTHING";
pub(crate) const DELETE: &str = "DELETE FROM grants WHERE tenant = $1 AND grantee = $2 AND service = $3 AND workspace = $4 AND function = $5";
pub(crate) const OF_GRANTEE: &str =
    "SELECT * FROM grants WHERE tenant = $1 AND grantee = $2 ORDER BY service, workspace, function";
pub(crate) const OF_TENANT: &str =
    "SELECT * FROM grants WHERE tenant = $1 ORDER BY grantee, service, workspace, function";
pub(crate) const ALL: &str = "SELECT * FROM grants";

/// The columns that name a grant.
pub(crate) fn values(row: &GrantRow) -> [Value<'_>; 5] {
    [
        row.tenant.as_str().into(),
        row.grantee.as_str().into(),
        row.service.as_str().into(),
        row.workspace.as_str().into(),
        row.function.as_str().into(),
    ]
}

row!(GrantRow, |row| {
    let grant = Self {
        tenant: row.try_get("tenant")?,
        grantee: row.try_get("grantee")?,
        service: row.try_get("service")?,
        workspace: row.try_get("workspace")?,
        function: row.try_get("function")?,
        granted: true,
    };
    let what = format_args!("the grant of `{}` to `{}`", grant.function, grant.grantee);
    sealed(what, &values(&grant), row.try_get("fingerprint")?)?;
    Ok(grant)
});
