//! Runs as they go on the wire.

use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_service::requests::{
    FileNote, FileUse, MemberStatus, RunDetail, RunStatus, TaskDetail, TaskStatus,
};
use dayend_wire::codes::State;
use dayend_wire::runs::{ApiMember, ApiRun, ApiTask, ApiTaskFile, Outcome};

/// A run with what is known of its tasks or members.
pub(super) fn run(detail: RunDetail) -> ApiRun {
    let RunDetail { status: run, tasks, .. } = detail;
    let RunStatus {
        run_id,
        kind,
        code,
        mis_date,
        status,
        ended,
        revision,
        tasks: task_states,
        members,
    } = run;
    let tasks: Vec<ApiTask> = task_states
        .into_iter()
        .zip(tasks.into_iter().chain(std::iter::repeat_with(TaskDetail::default)))
        .map(task)
        .collect();
    let status = state(status);
    ApiRun {
        run_id: run_id.to_string(),
        kind: kind.as_str().to_owned(),
        code: code.to_string(),
        mis_date: mis_date.to_string(),
        status,
        status_code: status.code(),
        outcome: Outcome::of(status),
        terminal: ended,
        message: message(&tasks),
        revision,
        created_at: detail.created_at.to_string(),
        started_at: shown(detail.started_at),
        ended_at: shown(detail.ended_at),
        triggered_by: detail.triggered_by,
        parent: detail.parent.map(|id| id.to_string()),
        rerun_of: detail.rerun_of.map(|id| id.to_string()),
        generation: detail.generation,
        version: detail.version,
        tasks,
        members: members.iter().map(member).collect(),
    }
}

/// What went wrong first, in the order of the definition.
fn message(tasks: &[ApiTask]) -> Option<String> {
    let went_wrong = |task: &&ApiTask| matches!(task.status, State::Failed | State::Aborted);
    let task = tasks.iter().find(went_wrong)?;
    let why =
        task.message.as_deref().and_then(|message| message.lines().next()).unwrap_or("no message");
    Some(format!("{} {}: {why}", task.code, task.status))
}

fn task((status, detail): (TaskStatus, TaskDetail)) -> ApiTask {
    let TaskDetail { attempt, generation, epoch, started_at, ended_at, retry_at, message, files } =
        detail;
    let state = state(status.status);
    ApiTask {
        code: status.code.to_string(),
        status: state,
        status_code: state.code(),
        attempt,
        generation,
        epoch,
        started_at: shown(started_at),
        ended_at: shown(ended_at),
        retry_at: shown(retry_at),
        message,
        files: files.into_iter().map(file).collect(),
    }
}

fn file(note: FileNote) -> ApiTaskFile {
    let purpose = match note.purpose {
        FileUse::Awaited => "awaited",
        FileUse::In => "in",
        FileUse::Out => "out",
    };
    let FileNote { name, size_bytes, sha256, .. } = note;
    ApiTaskFile { purpose: purpose.to_owned(), name, size_bytes, sha256 }
}

fn member(member: &MemberStatus) -> ApiMember {
    let state = state(member.status);
    ApiMember {
        code: member.code.to_string(),
        run_id: member.run_id.to_string(),
        status: state,
        status_code: state.code(),
    }
}

fn shown(instant: Option<Timestamp>) -> Option<String> {
    instant.map(|instant| instant.to_string())
}

fn state(status: Status) -> State {
    match status {
        Status::NotStarted => State::NotStarted,
        Status::OnGoing => State::OnGoing,
        Status::Successful => State::Successful,
        Status::Failed => State::Failed,
        Status::Interrupted => State::Interrupted,
        Status::Aborted => State::Aborted,
        Status::Excluded => State::Excluded,
        Status::Held => State::Held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_engine::definition::Kind;

    #[test]
    fn every_status_keeps_its_name_and_code() {
        for status in Status::ALL {
            assert_eq!(state(status).as_str(), status.as_str());
            assert_eq!(state(status).code().as_str(), status.code().to_string());
        }
    }

    #[test]
    fn a_failed_run_says_what_failed_first() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&run(failed())).unwrap(), @r#"
        {
          "runId": "EOD_2026-10-30_1793318400000_1",
          "kind": "Batch",
          "code": "EOD",
          "misDate": "2026-10-30",
          "status": "FAILED",
          "statusCode": "-1",
          "outcome": "FAILED",
          "terminal": true,
          "message": "B FAILED: row 17 is bad",
          "revision": 9,
          "createdAt": "2026-10-30T00:00:00.000Z",
          "startedAt": "2026-10-30T00:00:00.500Z",
          "triggeredBy": "operator@app",
          "generation": 1,
          "version": 4,
          "tasks": [
            {
              "code": "A",
              "status": "SUCCESSFUL",
              "statusCode": "0",
              "attempt": 2,
              "generation": 1,
              "epoch": 2,
              "message": "fine"
            },
            {
              "code": "B",
              "status": "FAILED",
              "statusCode": "-1",
              "attempt": 2,
              "generation": 1,
              "epoch": 2,
              "message": "row 17 is bad\nand more"
            },
            {
              "code": "C",
              "status": "NOT-STARTED",
              "statusCode": "1",
              "attempt": 0,
              "generation": 0,
              "epoch": 0
            }
          ],
          "members": []
        }
        "#);
    }
    fn failed() -> RunDetail {
        let task = |code: &str, status| TaskStatus { code: code.parse().unwrap(), status };
        let detail = |message: &str| TaskDetail {
            attempt: 2,
            generation: 1,
            epoch: 2,
            message: Some(message.to_owned()),
            ..TaskDetail::default()
        };
        RunDetail {
            status: RunStatus {
                run_id: "EOD_2026-10-30_1793318400000_1".parse().unwrap(),
                kind: Kind::Batch,
                code: "EOD".parse().unwrap(),
                mis_date: "2026-10-30".parse().unwrap(),
                status: Status::Failed,
                ended: true,
                revision: 9,
                tasks: vec![
                    task("A", Status::Successful),
                    task("B", Status::Failed),
                    task("C", Status::NotStarted),
                ],
                members: Vec::new(),
            },
            created_at: Timestamp(1_793_318_400_000_000),
            started_at: Some(Timestamp(1_793_318_400_500_000)),
            ended_at: None,
            triggered_by: "operator@app".to_owned(),
            parent: None,
            rerun_of: None,
            generation: 1,
            version: 4,
            tasks: vec![detail("fine"), detail("row 17 is bad\nand more")],
        }
    }
}
