//! `GET /api/v1/runs/{runId}/tasks/{task}/log?offset=&attempt=`: a piece of an attempt's log.

use crate::api::gate::Permitted;
use crate::api::parameters::Parameters;
use crate::api::segments::Segments;
use crate::app::App;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use dayend_service::requests::{LogPiece, RunRequest};

/// Where the next piece begins, in bytes of the log.
const NEXT_OFFSET: HeaderName = HeaderName::from_static("x-dayend-next-offset");
/// `true` if the attempt is over and this piece reaches its end.
const COMPLETE: HeaderName = HeaderName::from_static("x-dayend-complete");

/// Answers with text; bytes that are no UTF-8 show as U+FFFD. Control characters are passed on: who shows them must escape.
pub(in crate::api) async fn log(
    State(app): State<App>,
    permitted: Permitted,
    Segments((run_id, task)): Segments<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["offset", "attempt"])?;
    let offset = parameters.number("offset", 0..=u64::MAX)?.unwrap_or(0);
    let epoch = parameters.number("attempt", 1..=u32::MAX)?;
    let request = RunRequest { scope: permitted.scope, run_id, code: None, key: None };
    let piece = app.service.log(&permitted.caller, request, task, epoch, offset).await?;
    Ok(answer(&whole_characters(piece)))
}

fn answer(piece: &LogPiece) -> Response {
    let complete = if piece.complete { "true" } else { "false" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (NEXT_OFFSET, HeaderValue::from(piece.next_offset)),
        (COMPLETE, HeaderValue::from_static(complete)),
    ];
    (headers, String::from_utf8_lossy(&piece.bytes).into_owned()).into_response()
}

/// Leaves a character that the piece's end cuts in two to the next piece.
fn whole_characters(mut piece: LogPiece) -> LogPiece {
    let cut = piece.bytes.utf8_chunks().last().map_or(0, |chunk| cut_off(chunk.invalid()));
    if !piece.complete && cut < piece.bytes.len() {
        piece.bytes.truncate(piece.bytes.len() - cut);
        piece.next_offset = piece.next_offset.saturating_sub(u64::try_from(cut).unwrap_or(0));
    }
    piece
}

/// The number of bytes, if they are the beginning of a character rather than no character at all.
fn cut_off(bytes: &[u8]) -> usize {
    let is_beginning = std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    if is_beginning { bytes.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(bytes: &[u8], complete: bool) -> LogPiece {
        LogPiece { bytes: bytes.to_vec(), next_offset: 100, complete }
    }

    #[test]
    fn a_character_is_never_cut_in_two() {
        let cases: [(&[u8], bool, &[u8], u64); 8] = [
            (b"plain", false, b"plain", 100),
            (b"", false, b"", 100),
            ("10 \u{20ac}".as_bytes(), false, "10 \u{20ac}".as_bytes(), 100),
            (b"10 \xe2\x82", false, b"10 ", 98),
            (b"10 \xf0\x9f\x98", false, b"10 ", 97),
            (b"10 \xe2\x82", true, b"10 \xe2\x82", 100),
            (b"10 \xff", false, b"10 \xff", 100),
            (b"\xe2\x82", false, b"\xe2\x82", 100),
        ];
        for (bytes, complete, want, next_offset) in cases {
            let got = whole_characters(piece(bytes, complete));
            assert_eq!((got.bytes.as_slice(), got.next_offset), (want, next_offset), "{bytes:?}");
        }
    }

    #[test]
    fn a_piece_says_where_to_go_on() {
        let response = answer(&piece(b"x\xff\n", true));
        let headers = response.headers();
        assert_eq!(headers[NEXT_OFFSET], "100");
        assert_eq!(headers[COMPLETE], "true");
        assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    }
}
