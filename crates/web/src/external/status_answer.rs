//! The answer to `status`: small ones whole, large ones row by row, so that a million tasks never stand in memory twice.

use super::envelope;
use crate::locale::Language;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_service::requests::{MemberStatus, RunStatus, TaskStatus};
use dayend_wire::codes::{ResultCode, State};
use dayend_wire::external::{CallStatus, MemberState, Severity, StatusAnswer, TaskState};
use futures_util::stream;
use serde::Serialize;
use std::borrow::Cow;
use std::convert::Infallible;
use std::iter;

/// Answers with more rows than this are sent in pieces of as many rows.
const ROWS_PER_PIECE: usize = 1000;

/// The state of `run` in the guide's envelope.
pub(super) fn answer(language: Language, run: RunStatus) -> Response {
    if run.tasks.len().max(run.members.len()) <= ROWS_PER_PIECE {
        return envelope::json(language, &whole(&run));
    }
    envelope::with_headers(language, Body::from_stream(stream::iter(pieces(run))))
}

fn whole(run: &RunStatus) -> StatusAnswer<'_> {
    framed(run, run.tasks.iter().map(task).collect(), run.members.iter().map(member).collect())
}

/// A batch has a list of tasks, even an empty one; a group has none.
fn framed<'a>(
    run: &'a RunStatus,
    tasks: Vec<TaskState<'a>>,
    members: Vec<MemberState<'a>>,
) -> StatusAnswer<'a> {
    let state = to_wire(run.status);
    StatusAnswer {
        severity: Severity::Info,
        batch_run_id: Cow::Borrowed(run.run_id.as_str()),
        task_status_list: (run.kind != Kind::BatchGroup).then_some(tasks),
        batch_status_code: state.code(),
        batch_list: members,
        batch_status: state,
        status: CallStatus::Success,
        status_code: ResultCode::Success,
    }
}

/// The text of [`whole`] in pieces.
fn pieces(run: RunStatus) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    let (head, tail) = frame(&run);
    let mut from = 0;
    let rows = iter::from_fn(move || {
        let piece = rows(&run, from)?;
        from += ROWS_PER_PIECE;
        Some(piece)
    });
    iter::once(head).chain(rows).chain(iter::once(tail)).map(|text| Ok(Bytes::from(text)))
}

/// The answer without its rows, cut where they belong.
fn frame(run: &RunStatus) -> (String, String) {
    let text = json(&framed(run, Vec::new(), Vec::new()));
    let list =
        if run.kind == Kind::BatchGroup { "\"batchList\":[" } else { "\"taskStatusList\":[" };
    // A run id has neither quotes nor brackets, so the first match is the key.
    let (before, after) = text.split_once(list).expect("the list is a key of the answer");
    (format!("{before}{list}"), after.to_owned())
}

/// The rows from number `from` on, with the comma that parts them from those before; none behind the last row.
fn rows(run: &RunStatus, from: usize) -> Option<String> {
    let list = if run.kind == Kind::BatchGroup {
        let rows: Vec<_> = run.members.iter().skip(from).take(ROWS_PER_PIECE).map(member).collect();
        (!rows.is_empty()).then(|| json(&rows))?
    } else {
        let rows: Vec<_> = run.tasks.iter().skip(from).take(ROWS_PER_PIECE).map(task).collect();
        (!rows.is_empty()).then(|| json(&rows))?
    };
    let bare = list
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'))
        .expect("a list stands in brackets");
    Some(if from == 0 { bare.to_owned() } else { format!(",{bare}") })
}

fn task(task: &TaskStatus) -> TaskState<'_> {
    let state = to_wire(task.status);
    TaskState {
        task_code: Cow::Borrowed(task.code.as_str()),
        task_status: state,
        status_code: state.code(),
    }
}

fn member(member: &MemberStatus) -> MemberState<'_> {
    let state = to_wire(member.status);
    MemberState {
        batch_run_id: Cow::Borrowed(member.run_id.as_str()),
        batch_status_code: state.code(),
        batch_status: state,
    }
}

fn to_wire(status: Status) -> State {
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

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .expect("answers are structs of strings, and writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn run(kind: Kind, tasks: usize, members: usize) -> RunStatus {
        let status = |at: usize| Status::ALL[at % Status::ALL.len()];
        RunStatus {
            run_id: "B_2026-10-30_1_1".parse().unwrap(),
            kind,
            code: "B".parse().unwrap(),
            mis_date: "2026-10-30".parse().unwrap(),
            status: Status::Failed,
            ended: true,
            revision: 1,
            tasks: (0..tasks)
                .map(|at| TaskStatus {
                    code: format!("T{at}").parse().unwrap(),
                    status: status(at),
                })
                .collect(),
            members: (0..members)
                .map(|at| MemberStatus {
                    run_id: format!("M{at}_2026-10-30_2_1").parse().unwrap(),
                    code: format!("M{at}").parse().unwrap(),
                    status: status(at),
                })
                .collect(),
        }
    }

    async fn text(run: RunStatus) -> String {
        let body = answer(Language::English, run).into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_batch_has_tasks_and_an_empty_list_of_batches_and_a_group_the_reverse() {
        insta::assert_snapshot!(text(run(Kind::Batch, 2, 0)).await, @r#"{"severity":"info","batchRunId":"B_2026-10-30_1_1","taskStatusList":[{"taskCode":"T0","taskStatus":"NOT-STARTED","statusCode":"1"},{"taskCode":"T1","taskStatus":"ON-GOING","statusCode":"2"}],"batchStatusCode":"-1","batchList":[],"batchStatus":"FAILED","status":"success","statusCode":"0"}"#);
        insta::assert_snapshot!(text(run(Kind::BatchGroup, 0, 1)).await, @r#"{"severity":"info","batchRunId":"B_2026-10-30_1_1","batchStatusCode":"-1","batchList":[{"batchRunId":"M0_2026-10-30_2_1","batchStatusCode":"1","batchStatus":"NOT-STARTED"}],"batchStatus":"FAILED","status":"success","statusCode":"0"}"#);
    }

    #[tokio::test]
    async fn pieces_are_the_same_text_as_the_whole() {
        for rows in
            [0, 1, ROWS_PER_PIECE, ROWS_PER_PIECE + 1, 2 * ROWS_PER_PIECE, 2 * ROWS_PER_PIECE + 7]
        {
            for run in [run(Kind::Batch, rows, 0), run(Kind::BatchGroup, 0, rows)] {
                let whole = json(&whole(&run));
                assert_eq!(text(run.clone()).await, whole, "{rows} rows");
                let pieces: Vec<u8> =
                    pieces(run).flat_map(|piece| piece.unwrap().to_vec()).collect();
                assert_eq!(String::from_utf8(pieces).unwrap(), whole, "{rows} rows");
            }
        }
    }

    #[test]
    fn no_piece_is_larger_than_its_share_of_a_million_tasks() {
        let sizes: Vec<usize> =
            pieces(run(Kind::Batch, 1_000_000, 0)).map(|piece| piece.unwrap().len()).collect();
        assert_eq!(sizes.len(), 1002);
        assert!(sizes.iter().all(|size| *size < 200 * ROWS_PER_PIECE));
    }

    #[test]
    fn names_and_codes_on_the_wire_are_those_of_the_engine() {
        for status in Status::ALL {
            let state = to_wire(status);
            assert_eq!(state.as_str(), status.as_str());
            assert_eq!(state.code().as_str(), status.code().to_string());
        }
    }
}
