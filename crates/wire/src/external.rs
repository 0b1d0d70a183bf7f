//! The external interface: answers with the guide's keys in the guide's order, and requests as a client writes them.

use crate::codes::{ResultCode, State, StateCode};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How an envelope was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Error,
}

/// Whether the call (not the run) went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallStatus {
    Success,
    Failed,
}

/// A trigger was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriggerAnswer {
    pub severity: Severity,
    pub summary: String,
    pub batch_run_id: String,
    pub details: String,
    pub status: CallStatus,
    pub status_code: ResultCode,
}

/// An interrupt, restart or rerun was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlAnswer {
    pub severity: Severity,
    pub summary: String,
    pub batch_run_id: String,
    pub details: String,
    pub status_code: ResultCode,
    pub status: CallStatus,
}

/// A call was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorAnswer {
    pub severity: Severity,
    pub summary: String,
    /// The run that the request named, if it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_run_id: Option<String>,
    pub details: String,
    pub status: CallStatus,
    pub status_code: ResultCode,
}

/// The state of a run: with `taskStatusList` for a batch, with a filled `batchList` for a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusAnswer<'a> {
    pub severity: Severity,
    #[serde(borrow)]
    pub batch_run_id: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub task_status_list: Option<Vec<TaskState<'a>>>,
    pub batch_status_code: StateCode,
    #[serde(borrow)]
    pub batch_list: Vec<MemberState<'a>>,
    pub batch_status: State,
    pub status: CallStatus,
    pub status_code: ResultCode,
}

/// One task in a [`StatusAnswer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskState<'a> {
    #[serde(borrow)]
    pub task_code: Cow<'a, str>,
    pub task_status: State,
    pub status_code: StateCode,
}

/// One member of a group in a [`StatusAnswer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the fields are named like the guide's keys")]
pub struct MemberState<'a> {
    #[serde(borrow)]
    pub batch_run_id: Cow<'a, str>,
    pub batch_status_code: StateCode,
    pub batch_status: State,
}

/// The body of `trigger` as a client writes it; absent keys mean "nothing".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriggerBody {
    pub batch_name: String,
    /// `rest` for a batch, `group` for a batch group.
    pub batch_type: String,
    /// Comma-separated task codes, or batch codes for a group; so are the next two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub excluded_tasks: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held_tasks: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub included_tasks: String,
    #[serde(rename = "$FICMISDATE$", default, skip_serializing_if = "Option::is_none")]
    pub mis_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dynamic_param_list: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_run_id: Option<String>,
}

/// The body of `interrupt`, `restart` and `rerun` as a client writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlBody {
    pub batch_name: String,
    pub batch_run_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_run_id: Option<String>,
}

/// The body of `status` as a client writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusBody {
    pub batch_run_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    /// The sample answers of the guide, line breaks of the print removed.
    const TRIGGER: &str = r#"{
  "severity": "info",
  "summary": "Object triggered successfully with Run Id: batch1_demo_ext_api_2023-12-06_1701839464230_1",
  "batchRunId": "batch1_demo_ext_api_2023-12-06_1701839464230_1",
  "details": "Object triggered successfully.",
  "status": "success",
  "statusCode": "0"
}"#;
    const RESTART: &str = r#"{
  "severity": "info",
  "summary": "Object triggered successfully for restart with Run Id: B0001_2022-04-30_1651731208588_1",
  "batchRunId": "B0001_2022-04-30_1651731208588_1",
  "details": "Object triggered successfully.",
  "statusCode": "0",
  "status": "success"
}"#;
    const BATCH_STATUS: &str = r#"{
  "severity": "info",
  "batchRunId": "BatchTEST1_2022-05-31_1653994545003_1",
  "taskStatusList": [
    {
      "taskCode": "t1",
      "taskStatus": "SUCCESSFUL",
      "statusCode": "0"
    },
    {
      "taskCode": "t5",
      "taskStatus": "FAILED",
      "statusCode": "-1"
    }
  ],
  "batchStatusCode": "-1",
  "batchList": [],
  "batchStatus": "FAILED",
  "status": "success",
  "statusCode": "0"
}"#;
    const GROUP_STATUS: &str = r#"{
  "severity": "info",
  "batchRunId": "AbTestBG001_2023-01-27_1674798339245_1",
  "batchStatusCode": "0",
  "batchList": [
    {
      "batchRunId": "AbTestBatch002_2023-01-27_1674798339462_1",
      "batchStatusCode": "0",
      "batchStatus": "SUCCESSFUL"
    },
    {
      "batchRunId": "AbTestBatch003_2023-01-27_1674798339556_1",
      "batchStatusCode": "0",
      "batchStatus": "SUCCESSFUL"
    }
  ],
  "batchStatus": "SUCCESSFUL",
  "status": "success",
  "statusCode": "0"
}"#;

    #[test]
    fn the_samples_of_the_guide_read_and_write_back_key_for_key() {
        assert_round_trip::<TriggerAnswer>(TRIGGER);
        assert_round_trip::<ControlAnswer>(RESTART);
        for sample in [BATCH_STATUS, GROUP_STATUS] {
            let answer: StatusAnswer<'_> = serde_json::from_str(sample).unwrap();
            assert_eq!(serde_json::to_string_pretty(&answer).unwrap(), sample);
        }
    }

    #[test]
    fn an_error_names_its_run_only_if_there_is_one() {
        let mut error = ErrorAnswer {
            severity: Severity::Error,
            summary: "S.".to_owned(),
            batch_run_id: None,
            details: "D.".to_owned(),
            status: CallStatus::Failed,
            status_code: ResultCode::NotFound,
        };
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(
            text,
            r#"{"severity":"error","summary":"S.","details":"D.","status":"failed","statusCode":"-3"}"#
        );
        error.batch_run_id = Some("R".to_owned());
        let text = serde_json::to_string(&error).unwrap();
        let want = r#"{"severity":"error","summary":"S.","batchRunId":"R","details":"D.","status":"failed","statusCode":"-3"}"#;
        assert_eq!(text, want);
    }

    #[test]
    fn a_client_body_leaves_out_what_it_does_not_say() {
        let body = TriggerBody {
            batch_name: "EOD".to_owned(),
            batch_type: "group".to_owned(),
            mis_date: Some("2026-10-30".to_owned()),
            ..TriggerBody::default()
        };
        let want = r#"{"batchName":"EOD","batchType":"group","$FICMISDATE$":"2026-10-30"}"#;
        assert_eq!(serde_json::to_string(&body).unwrap(), want);
    }

    fn assert_round_trip<T: Serialize + DeserializeOwned + Debug>(sample: &str) {
        let answer: T = serde_json::from_str(sample).unwrap();
        assert_eq!(serde_json::to_string_pretty(&answer).unwrap(), sample);
    }
}
