//! The bodies of `/api/v1`. Requests refuse unknown fields; answers may gain fields, which clients must ignore.

use crate::problem::ApiDefect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /api/v1/definitions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApplyDefinitions {
    pub files: Vec<DefinitionFile>,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
}

/// One YAML or JSON file; it may hold several documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefinitionFile {
    /// Only for messages.
    pub name: String,
    pub text: String,
}

/// What `apply` did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedDefinitions {
    pub dry_run: bool,
    pub changes: Vec<DefinitionChange>,
    pub warnings: Vec<ApiDefect>,
}

/// One definition of an `apply`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionChange {
    pub kind: ApiKind,
    pub code: String,
    /// 0: it was not there.
    pub from_version: i64,
    /// Equal to `fromVersion`: unchanged.
    pub to_version: i64,
    /// A unified difference of the exported texts; empty if unchanged.
    pub diff: String,
}

/// A batch or a group of batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApiKind {
    #[default]
    Batch,
    BatchGroup,
}

/// `POST /api/v1/runs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TriggerRun {
    pub code: String,
    #[serde(default)]
    pub kind: ApiKind,
    /// `yyyy-mm-dd`; today (UTC) if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mis_date: Option<String>,
    /// Task codes of a batch, batch codes of a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    /// Non-empty: everything else is excluded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included: Vec<String>,
    /// Parameters of a batch, names without `$`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Parameters of single tasks of a batch, by task code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_params: BTreeMap<String, BTreeMap<String, String>>,
    /// The members of a group that need a date or parameters of their own, by batch code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, TriggerMember>,
}

/// What one member of a triggered group gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TriggerMember {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mis_date: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_params: BTreeMap<String, BTreeMap<String, String>>,
}

/// An accepted trigger, interrupt, restart or rerun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedRun {
    pub run_id: String,
    /// The same answer was given before for the same idempotency key.
    pub replayed: bool,
}

/// `POST /api/v1/runs/{runId}/tasks/{task}/{verb}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskReason {
    /// Why, for the audit.
    #[serde(default)]
    pub reason: String,
}

/// `GET /api/v1/runs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiRuns {
    /// Newest first, without their tasks.
    pub runs: Vec<ApiRun>,
}

/// A run. Instants are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiRun {
    pub run_id: String,
    pub kind: ApiKind,
    pub code: String,
    pub mis_date: String,
    /// `ON-GOING`, `SUCCESSFUL` and so on.
    pub status: String,
    /// The guide's code of the status.
    pub status_code: i8,
    /// Nothing runs and nothing can start any more, except by restart.
    pub ended: bool,
    /// Grows with every change; also the `ETag`.
    pub revision: u64,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    pub triggered_by: String,
    /// The run of the group that this run is a member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<String>,
    /// 1, and one more with each restart.
    pub generation: u32,
    /// The definition version that the run is pinned to.
    pub version: i64,
    /// Tasks of a batch in definition order; absent in lists and for groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<ApiTask>,
    /// Members of a group in definition order; absent in lists and for batches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<ApiMember>,
}

/// A task of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiTask {
    pub code: String,
    pub status: String,
    pub status_code: i8,
    /// Counts from 1 within the generation; 0: never tried.
    pub attempt: u32,
    pub generation: u32,
    /// Number of attempts over all generations; `?attempt=` of the log.
    pub epoch: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<String>,
    /// What the task said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A member of a group's run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiMember {
    pub run_id: String,
    pub code: String,
    pub status: String,
    pub status_code: i8,
}

/// Where the next piece of a log begins, a header of the log's answer.
pub const NEXT_OFFSET_HEADER: &str = "x-dayend-next-offset";
/// `true`: the attempt is over and this piece reaches its end, a header of the log's answer.
pub const COMPLETE_HEADER: &str = "x-dayend-complete";
/// The longest that a `?wait=` lasts, in seconds.
pub const WAIT_MAX_S: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_refuse_unknown_fields_and_answers_do_not() {
        assert!(serde_json::from_str::<TriggerRun>(r#"{"code":"A","owner":"x"}"#).is_err());
        assert!(serde_json::from_str::<ApplyDefinitions>(r#"{"files":[{"name":"a","text":"","id":1}]}"#).is_err());
        assert!(serde_json::from_str::<TaskReason>(r#"{"reason":"","epoch":1}"#).is_err());
        assert!(serde_json::from_str::<AcceptedRun>(r#"{"runId":"A","replayed":false,"new":1}"#).is_ok());
    }

    #[test]
    fn a_trigger_writes_only_what_is_set() {
        let trigger = TriggerRun { code: "EOD".to_owned(), kind: ApiKind::BatchGroup, ..TriggerRun::default() };
        assert_eq!(serde_json::to_string(&trigger).unwrap(), r#"{"code":"EOD","kind":"BatchGroup"}"#);
    }
}
