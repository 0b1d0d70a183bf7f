//! The answer to `status`: written straight from what the run shows; large ones in pieces, so that a million tasks never
//! stand in memory twice.

use super::envelope;
use crate::locale::Language;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use dayend_engine::status::Status;
use dayend_service::snapshot::{Row, Snapshot};
use dayend_wire::codes::State;
use futures_util::stream;
use std::convert::Infallible;
use std::iter;

/// Answers with more rows than this are sent in pieces of as many rows.
const ROWS_PER_PIECE: usize = 1000;
/// What a row takes besides its code or run id, at most.
const ROW_BYTES: usize = 72;
/// What the answer takes besides its rows, at most.
const FRAME_BYTES: usize = 320;

/// The state of `run` in the guide's envelope.
pub(super) fn answer(language: Language, run: Snapshot) -> Response {
    let body = if run.len() <= ROWS_PER_PIECE {
        Body::from(whole(&run))
    } else {
        Body::from_stream(stream::iter(pieces(run)))
    };
    envelope::with_headers(language, body)
}

fn whole(run: &Snapshot) -> String {
    let rows: usize = run.rows(0).map(|row| ROW_BYTES + named(row).len()).sum();
    let mut text = String::with_capacity(FRAME_BYTES + rows);
    begin(&mut text, run);
    push_rows(&mut text, run, 0);
    end(&mut text, run);
    text
}

/// The text of [`whole`] in pieces.
fn pieces(run: Snapshot) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    let (mut head, mut tail) = (String::new(), String::new());
    begin(&mut head, &run);
    end(&mut tail, &run);
    let mut from = 0;
    let rows = iter::from_fn(move || {
        let mut piece = String::new();
        push_rows(&mut piece, &run, from);
        from += ROWS_PER_PIECE;
        (!piece.is_empty()).then_some(piece)
    });
    iter::once(head).chain(rows).chain(iter::once(tail)).map(|text| Ok(Bytes::from(text)))
}

/// Up to the first row. Codes and run ids consist of letters that mean themselves in JSON.
fn begin(text: &mut String, run: &Snapshot) {
    text.push_str(r#"{"severity":"info","batchRunId":""#);
    text.push_str(run.run_id().as_str());
    if run.is_group() {
        push_status(text, r#"","batchStatusCode":""#, run.status());
        text.push_str(r#"","batchList":["#);
    } else {
        text.push_str(r#"","taskStatusList":["#);
    }
}

/// From behind the last row. A batch has a list of tasks, and an empty one of members; a group has only members.
fn end(text: &mut String, run: &Snapshot) {
    let state = to_wire(run.status());
    if run.is_group() {
        text.push_str("],");
    } else {
        push_status(text, r#"],"batchStatusCode":""#, run.status());
        text.push_str(r#"","batchList":[],"#);
    }
    text.push_str(r#""batchStatus":""#);
    text.push_str(state.as_str());
    text.push_str(r#"","status":"success","statusCode":"0"}"#);
}

/// At most [`ROWS_PER_PIECE`] rows from number `from` on, each with the comma that parts it from the one before.
fn push_rows(text: &mut String, run: &Snapshot, from: usize) {
    for (at, row) in (from..).zip(run.rows(from).take(ROWS_PER_PIECE)) {
        if at > 0 {
            text.push(',');
        }
        let state = to_wire(row.status);
        if row.member.is_some() {
            text.push_str(r#"{"batchRunId":""#);
            text.push_str(named(row));
            push_status(text, r#"","batchStatusCode":""#, row.status);
            text.push_str(r#"","batchStatus":""#);
            text.push_str(state.as_str());
        } else {
            text.push_str(r#"{"taskCode":""#);
            text.push_str(named(row));
            text.push_str(r#"","taskStatus":""#);
            text.push_str(state.as_str());
            push_status(text, r#"","statusCode":""#, row.status);
        }
        text.push_str(r#""}"#);
    }
}

fn push_status(text: &mut String, before: &str, status: Status) {
    text.push_str(before);
    text.push_str(to_wire(status).code().as_str());
}

/// The run id of a member, the code of a task.
fn named(row: Row<'_>) -> &str {
    row.member.map_or(row.code, |member| member.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_engine::definition::Kind;
    use dayend_testkit::views::{snapshot, view};
    use dayend_wire::external::StatusAnswer;
    use http_body_util::BodyExt;

    async fn text(run: Snapshot) -> String {
        let body = answer(Language::English, run).into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_batch_has_tasks_and_an_empty_list_of_batches_and_a_group_the_reverse() {
        insta::assert_snapshot!(text(snapshot(Kind::Batch, 2)).await, @r#"{"severity":"info","batchRunId":"B_2026-10-30_1_1","taskStatusList":[{"taskCode":"T0","taskStatus":"NOT-STARTED","statusCode":"1"},{"taskCode":"T1","taskStatus":"ON-GOING","statusCode":"2"}],"batchStatusCode":"-1","batchList":[],"batchStatus":"FAILED","status":"success","statusCode":"0"}"#);
        insta::assert_snapshot!(text(snapshot(Kind::BatchGroup, 1)).await, @r#"{"severity":"info","batchRunId":"B_2026-10-30_1_1","batchStatusCode":"-1","batchList":[{"batchRunId":"M0_2026-10-30_2_1","batchStatusCode":"1","batchStatus":"NOT-STARTED"}],"batchStatus":"FAILED","status":"success","statusCode":"0"}"#);
    }

    #[tokio::test]
    async fn the_text_is_what_the_contract_writes() {
        for run in [snapshot(Kind::Batch, 9), snapshot(Kind::BatchGroup, 9)] {
            let text = text(run).await;
            let parsed: StatusAnswer<'_> = serde_json::from_str(&text).unwrap();
            let rows = parsed.task_status_list.as_ref().map_or(parsed.batch_list.len(), Vec::len);
            assert_eq!(rows, 9);
            assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
        }
    }

    #[tokio::test]
    async fn rows_that_were_asked_for_come_once_each_in_the_order_of_the_definition() {
        let text = text(Snapshot::new(view(Kind::Batch, 5), Some(vec![3, 1, 3]))).await;
        let parsed: StatusAnswer<'_> = serde_json::from_str(&text).unwrap();
        let codes: Vec<_> =
            parsed.task_status_list.unwrap().into_iter().map(|task| task.task_code).collect();
        assert_eq!(codes, ["T1", "T3"]);
    }

    #[tokio::test]
    async fn pieces_are_the_same_text_as_the_whole() {
        for rows in [1, ROWS_PER_PIECE, ROWS_PER_PIECE + 1, 2 * ROWS_PER_PIECE + 7] {
            for kind in [Kind::Batch, Kind::BatchGroup] {
                let run = snapshot(kind, rows);
                let mut whole = String::new();
                begin(&mut whole, &run);
                for from in (0..rows).step_by(ROWS_PER_PIECE) {
                    push_rows(&mut whole, &run, from);
                }
                end(&mut whole, &run);
                assert_eq!(text(run.clone()).await, whole, "{rows} rows");
                let pieces: Vec<u8> =
                    pieces(run).flat_map(|piece| piece.unwrap().to_vec()).collect();
                assert_eq!(String::from_utf8(pieces).unwrap(), whole, "{rows} rows");
            }
        }
    }

    #[test]
    fn no_piece_is_larger_than_its_share_of_all_tasks() {
        let sizes: Vec<usize> =
            pieces(snapshot(Kind::Batch, 100_000)).map(|piece| piece.unwrap().len()).collect();
        assert_eq!(sizes.len(), 102);
        assert!(sizes.iter().all(|size| *size < 200 * ROWS_PER_PIECE));
    }

    #[test]
    fn the_room_for_a_whole_answer_is_enough() {
        for kind in [Kind::Batch, Kind::BatchGroup] {
            let run = snapshot(kind, 100);
            let text = whole(&run);
            let rows: usize = run.rows(0).map(|row| ROW_BYTES + named(row).len()).sum();
            assert!(text.len() <= FRAME_BYTES + rows, "{}", text.len());
        }
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
