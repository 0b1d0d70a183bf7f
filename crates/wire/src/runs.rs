//! `/api/v1`: runs, as the CLI and the console see them.

use crate::codes::{State, StateCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of a run, in one word: for callers that can look at one value only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It goes on without a person.
    Pending,
    Success,
    Failed,
    Interrupted,
    Excluded,
    /// It waits for a release.
    HeldBlocked,
    /// Something vanished without a report: a person must look before it is repeated.
    Unknown,
}

impl Outcome {
    /// The outcome that follows from a run's rolled-up state.
    pub fn of(state: State) -> Self {
        match state {
            State::NotStarted | State::OnGoing => Self::Pending,
            State::Successful => Self::Success,
            State::Failed => Self::Failed,
            State::Interrupted => Self::Interrupted,
            State::Excluded => Self::Excluded,
            State::Held => Self::HeldBlocked,
            State::Aborted => Self::Unknown,
        }
    }
}

/// Starts a batch or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TriggerRun {
    pub code: String,
    /// `Batch` or `BatchGroup`.
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mis_date: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included: Vec<String>,
    /// Parameters of a batch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Parameters of single tasks of a batch, by task code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_params: BTreeMap<String, BTreeMap<String, String>>,
    /// Parameters of the members of a group, by batch code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, TriggerMember>,
}

/// What a trigger says about one member of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "an object with `misDate`, `params` and `taskParams`"
)]
pub struct TriggerMember {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mis_date: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub task_params: BTreeMap<String, BTreeMap<String, String>>,
}

/// Why an operator holds, releases, excludes, includes or forces a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskReason {
    #[serde(default)]
    pub reason: String,
}

/// A trigger, interrupt, restart or rerun was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedRun {
    pub run_id: String,
    /// The answer was given before for the same idempotency key.
    pub replayed: bool,
}

/// A run with its tasks or members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiRun {
    pub run_id: String,
    /// `Batch` or `BatchGroup`.
    pub kind: String,
    pub code: String,
    pub mis_date: String,
    pub status: State,
    pub status_code: StateCode,
    pub outcome: Outcome,
    /// Nothing runs and nothing can start, even after a release.
    pub terminal: bool,
    /// One line for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Grows with every change; `?wait=…&revision=…` waits for the next one.
    pub revision: u64,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    pub triggered_by: String,
    /// The group run that this run is a member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<String>,
    pub generation: u32,
    /// The definition version that the run is pinned to.
    pub version: i64,
    /// Tasks of a batch in definition order.
    #[serde(default)]
    pub tasks: Vec<ApiTask>,
    /// Members of a group in definition order.
    #[serde(default)]
    pub members: Vec<ApiMember>,
}

/// A task of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiTask {
    pub code: String,
    pub status: State,
    pub status_code: StateCode,
    /// The attempt within the generation, from 1; 0 before the first.
    pub attempt: u32,
    pub generation: u32,
    /// The number of attempts over all generations; names the log.
    pub epoch: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<String>,
    /// How the newest attempt ended; of one that waits for a file, what it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The files that the newest attempt waited for, read and left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ApiTaskFile>,
}

/// A file that an attempt had to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiTaskFile {
    /// `awaited`, `in` or `out`.
    #[serde(rename = "use")]
    pub purpose: String,
    pub name: String,
    pub size_bytes: u64,
    /// In hex.
    pub sha256: String,
}

/// A member of a group run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiMember {
    pub code: String,
    pub run_id: String,
    pub status: State,
    pub status_code: StateCode,
}

/// The newest runs of a scope, newest first, without their tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunList {
    pub runs: Vec<ApiRun>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_shows_its_keys_in_a_fixed_order_and_reads_back() {
        let run = ApiRun {
            run_id: "EOD_2026-10-30_1793318400000_1".to_owned(),
            kind: "Batch".to_owned(),
            code: "EOD".to_owned(),
            mis_date: "2026-10-30".to_owned(),
            status: State::Failed,
            status_code: State::Failed.code(),
            outcome: Outcome::of(State::Failed),
            terminal: true,
            message: None,
            revision: 7,
            created_at: "2026-10-30T00:00:00.000Z".to_owned(),
            started_at: None,
            ended_at: None,
            triggered_by: "operator@app".to_owned(),
            parent: None,
            rerun_of: None,
            generation: 1,
            version: 3,
            tasks: vec![ApiTask {
                code: "T1".to_owned(),
                status: State::Failed,
                status_code: State::Failed.code(),
                attempt: 1,
                generation: 1,
                epoch: 1,
                started_at: None,
                ended_at: None,
                retry_at: None,
                message: Some("exit code 3".to_owned()),
                files: Vec::new(),
            }],
            members: Vec::new(),
        };
        let text = serde_json::to_string(&run).unwrap();
        insta::assert_snapshot!(text, @r#"{"runId":"EOD_2026-10-30_1793318400000_1","kind":"Batch","code":"EOD","misDate":"2026-10-30","status":"FAILED","statusCode":"-1","outcome":"FAILED","terminal":true,"revision":7,"createdAt":"2026-10-30T00:00:00.000Z","triggeredBy":"operator@app","generation":1,"version":3,"tasks":[{"code":"T1","status":"FAILED","statusCode":"-1","attempt":1,"generation":1,"epoch":1,"message":"exit code 3"}],"members":[]}"#);
        assert_eq!(serde_json::from_str::<ApiRun>(&text).unwrap(), run);
    }

    #[test]
    fn every_state_has_its_outcome() {
        let outcomes: Vec<String> = State::ALL
            .iter()
            .map(|state| serde_json::to_string(&Outcome::of(*state)).unwrap())
            .collect();
        insta::assert_snapshot!(outcomes.join(" "), @r#""PENDING" "PENDING" "SUCCESS" "FAILED" "INTERRUPTED" "UNKNOWN" "EXCLUDED" "HELD_BLOCKED""#);
    }

    #[test]
    fn unknown_keys_of_a_trigger_are_refused() {
        let refused = serde_json::from_str::<TriggerRun>(
            r#"{"code":"A","kind":"Batch","status":"SUCCESSFUL"}"#,
        );
        assert!(refused.unwrap_err().to_string().contains("status"));
    }
}
