//! Definitions: immutable versions, and the parts of what they say.

use crate::columns::{hash, kind, number, parsed, sealed};
use crate::fingerprint::fingerprint;
use crate::port::{DefinitionRow, NewDefinition, VersionKey};
use crate::values::{Value, and};
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;

pub(crate) const INSERT: &str = "INSERT INTO definitions (key, tenant, service, workspace, kind, code, version, digest, parts, author, at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
pub(crate) const INSERT_PART: &str =
    "INSERT INTO definition_parts (definition, part, bytes, fingerprint) VALUES ($1, $2, $3, $4)";
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
/// The content of a version.
pub(crate) const PARTS: &str = "SELECT * FROM definition_parts WHERE definition = $1 ORDER BY part";
pub(crate) const ALL_PARTS: &str = "SELECT * FROM definition_parts";

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
        digest: new.content.digest,
        parts: u32::try_from(new.content.parts.len()).unwrap_or(u32::MAX),
        by: new.by.clone(),
        at: new.at,
    }
}

/// The fingerprint of a version.
pub(crate) fn seal(row: &DefinitionRow) -> [u8; 32] {
    fingerprint(&fixed(row))
}

/// The columns of [`INSERT`].
pub(crate) fn values<'a>(row: &'a DefinitionRow, seal: &'a [u8; 32]) -> [Value<'a>; 12] {
    and(fixed(row), seal)
}

fn fixed(row: &DefinitionRow) -> [Value<'_>; 11] {
    [
        row.key.0.into(),
        row.scope.tenant.as_str().into(),
        row.scope.service.as_str().into(),
        row.scope.workspace.as_str().into(),
        row.kind.as_str().into(),
        row.code.as_str().into(),
        row.version.into(),
        (&row.digest).into(),
        row.parts.into(),
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
        digest: hash(row.try_get("digest")?, "digest")?,
        parts: number(row.try_get("parts")?, "parts")?,
        by: row.try_get("author")?,
        at: Timestamp(row.try_get("at")?),
    };
    let what = format_args!("version {} of definition `{}`", definition.version, definition.code);
    sealed(what, &fixed(&definition), row.try_get("fingerprint")?)?;
    Ok(definition)
});

/// A part of what a version says.
pub(crate) struct PartRow {
    definition: VersionKey,
    part: u32,
    pub(crate) bytes: Box<[u8]>,
}

/// The fingerprint of a part.
pub(crate) fn seal_part(definition: VersionKey, part: u32, bytes: &[u8]) -> [u8; 32] {
    fingerprint(&fixed_part(definition, part, bytes))
}

/// The columns of [`INSERT_PART`].
pub(crate) fn part_values<'a>(
    definition: VersionKey,
    part: u32,
    bytes: &'a [u8],
    seal: &'a [u8; 32],
) -> [Value<'a>; 4] {
    and(fixed_part(definition, part, bytes), seal)
}

fn fixed_part(definition: VersionKey, part: u32, bytes: &[u8]) -> [Value<'_>; 3] {
    [definition.0.into(), part.into(), bytes.into()]
}

row!(PartRow, |row| {
    let bytes: &[u8] = row.try_get("bytes")?;
    let part = Self {
        definition: VersionKey(row.try_get("definition")?),
        part: number(row.try_get("part")?, "part")?,
        bytes: bytes.into(),
    };
    let what = format_args!("part {} of definition version {}", part.part, part.definition.0);
    let values = fixed_part(part.definition, part.part, &part.bytes);
    sealed(what, &values, row.try_get("fingerprint")?)?;
    Ok(part)
});
