//! Definitions: immutable versions.

use crate::columns::{kind, parsed, sealed};
use crate::fingerprint::fingerprint;
use crate::port::{DefinitionRow, NewDefinition, VersionKey};
use crate::values::{Value, and};
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;

pub(crate) const INSERT: &str = "INSERT INTO definitions (key, tenant, service, workspace, kind, code, version, body, author, at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
/// The number of the newest version; 0: there is none.
pub(crate) const NEWEST_VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM definitions \
    WHERE tenant = $1 AND service = $2 AND workspace = $3 AND kind = $4 AND code = $5";
/// The newest version.
pub(crate) const NEWEST: &str = "SELECT * FROM definitions \
    WHERE tenant = $1 AND service = $2 AND workspace = $3 AND kind = $4 AND code = $5 ORDER BY version DESC LIMIT 1";
pub(crate) const BY_KEY: &str = "SELECT * FROM definitions WHERE key = $1";
/// The newest versions of a scope.
pub(crate) const NEWEST_OF_SCOPE: &str = "SELECT definitions.* FROM definitions JOIN ( \
    SELECT kind, code, MAX(version) AS version FROM definitions \
    WHERE tenant = $1 AND service = $2 AND workspace = $3 GROUP BY kind, code) AS newest \
    ON definitions.kind = newest.kind AND definitions.code = newest.code AND definitions.version = newest.version \
    WHERE definitions.tenant = $1 AND definitions.service = $2 AND definitions.workspace = $3 \
    ORDER BY definitions.kind, definitions.code";
pub(crate) const ALL: &str = "SELECT * FROM definitions";

/// What a version belongs to: the columns of [`NEWEST_VERSION`].
pub(crate) fn name_values<'a>(scope: &'a Scope, kind: &'a str, code: &'a str) -> [Value<'a>; 5] {
    [
        scope.tenant.as_str().into(),
        scope.service.as_str().into(),
        scope.workspace.as_str().into(),
        kind.into(),
        code.into(),
    ]
}

/// The version that a new definition becomes.
pub(crate) fn stored(new: &NewDefinition) -> DefinitionRow {
    DefinitionRow {
        key: new.key,
        scope: new.scope.clone(),
        kind: new.kind,
        code: new.code.clone(),
        version: new.expected.saturating_add(1),
        text: new.text.clone(),
        by: new.by.clone(),
        at: new.at,
    }
}

/// The fingerprint of a version.
pub(crate) fn seal(row: &DefinitionRow) -> [u8; 32] {
    fingerprint(&fixed(row))
}

/// The columns of [`INSERT`].
pub(crate) fn values<'a>(row: &'a DefinitionRow, seal: &'a [u8; 32]) -> [Value<'a>; 11] {
    and(fixed(row), seal)
}

fn fixed(row: &DefinitionRow) -> [Value<'_>; 10] {
    [
        row.key.0.into(),
        row.scope.tenant.as_str().into(),
        row.scope.service.as_str().into(),
        row.scope.workspace.as_str().into(),
        row.kind.as_str().into(),
        row.code.as_str().into(),
        row.version.into(),
        row.text.as_str().into(),
        row.by.as_str().into(),
        row.at.into(),
    ]
}

row!(DefinitionRow, |row| {
    let definition = Self {
        key: VersionKey(row.try_get("key")?),
        scope: Scope {
            tenant: row.try_get("tenant")?,
            service: row.try_get("service")?,
            workspace: row.try_get("workspace")?,
        },
        kind: kind(row.try_get("kind")?)?,
        code: parsed(row.try_get("code")?, "code")?,
        version: row.try_get("version")?,
        text: row.try_get("body")?,
        by: row.try_get("author")?,
        at: Timestamp(row.try_get("at")?),
    };
    let what = format_args!("version {} of definition `{}`", definition.version, definition.code);
    sealed(what, &fixed(&definition), row.try_get("fingerprint")?)?;
    Ok(definition)
});
