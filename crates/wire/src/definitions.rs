//! `/api/v1`: applying and exporting definitions.

use crate::problem::ApiDefect;
use serde::{Deserialize, Serialize};

/// Definition files to store, all or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyRequest {
    pub files: Vec<SourceFile>,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
}

/// One file as it stands on the caller's disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "an object with `name` and `text`"
)]
pub struct SourceFile {
    /// Repeated in errors.
    pub name: String,
    /// YAML (or JSON) text.
    pub text: String,
}

/// What was stored, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyAnswer {
    pub changes: Vec<ApiChange>,
    pub warnings: Vec<ApiDefect>,
    pub dry_run: bool,
}

/// What became of one definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiChange {
    /// `Batch`, `BatchGroup` or `Connection`.
    pub kind: String,
    pub code: String,
    /// 0: it was not there.
    pub from_version: i64,
    /// Equal to `fromVersion`: unchanged.
    pub to_version: i64,
    /// A unified difference; empty if unchanged.
    pub diff: String,
}
