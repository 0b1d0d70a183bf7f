//! Request bodies of `/api/v1`: strict JSON objects without unknown fields.

use super::parameters::Parameters;
use crate::body::{self, ARRIVAL_LIMIT, JSON, Room};
use crate::json::{Repair, read};
use crate::problem::Problem;
use axum::extract::Request;
use axum::http::request::Parts;
use bytes::Bytes;
use dayend_wire::problem::ProblemCode;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The request's head and its body, which must be JSON (or, if `may_be_empty`, nothing at all). All that is said stands in the
/// body: `?dryRun=true` must not silently mean the opposite.
pub(super) async fn json_bytes(
    room: &Arc<Room>,
    request: Request,
    limit_bytes: usize,
    may_be_empty: bool,
) -> Result<(Parts, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    Parameters::read(&parts.uri, &[])?;
    let refused = body::require(&parts.headers, JSON);
    if !may_be_empty {
        refused?;
    }
    let bytes = body::read(room, &parts.headers, body, limit_bytes, ARRIVAL_LIMIT).await?;
    if !bytes.is_empty() {
        refused?;
    }
    Ok((parts, bytes))
}

/// What the bytes say. The strict reader goes first: it refuses what serde would let pass, such as repeated keys in maps.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    read(bytes, Repair::Nothing).map_err(|error| unreadable(&error))?;
    parse_large(bytes)
}

/// As [`parse`], or the default for no bytes.
pub(super) fn parse_or_default<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() { Ok(T::default()) } else { parse(bytes) }
}

/// What the bytes say, for types without maps whose texts may be longer than the strict reader takes.
pub(super) fn parse_large<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would also take an array for a struct, field by field.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(unreadable(&"a JSON object is expected"));
    }
    serde_json::from_slice(bytes).map_err(|error| unreadable(&error))
}

pub(super) fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::InvalidRequest, format!("the body: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use dayend_wire::definitions::ApplyRequest;
    use dayend_wire::runs::{TaskReason, TriggerRun};

    fn request(content_type: Option<&str>, body: &'static str) -> Request {
        let request = axum::http::Request::post("/x");
        let request = content_type
            .into_iter()
            .fold(request, |request, value| request.header("content-type", value));
        request.body(Body::from(body)).unwrap()
    }

    #[tokio::test]
    async fn a_body_that_may_be_empty_needs_a_type_only_if_it_is_there() {
        let room = Room::new(100);
        let status =
            |result: Result<_, Problem>| result.map_or_else(|problem| problem.body.status, |_| 200);
        assert_eq!(status(json_bytes(&room, request(None, ""), 10, true).await), 200);
        assert_eq!(status(json_bytes(&room, request(Some("text/plain"), ""), 10, true).await), 200);
        assert_eq!(
            status(json_bytes(&room, request(Some("text/plain"), "{}"), 10, true).await),
            415
        );
        assert_eq!(status(json_bytes(&room, request(None, ""), 10, false).await), 415);
        assert_eq!(
            status(json_bytes(&room, request(Some("application/json"), "{}"), 10, false).await),
            200
        );
        assert_eq!(
            status(
                json_bytes(&room, request(Some("application/json"), "[1,2,3,4,5]"), 10, false)
                    .await
            ),
            413
        );
    }

    #[test]
    fn bodies_are_read_strictly() {
        let detail = |text: &str| parse::<TriggerRun>(text.as_bytes()).unwrap_err().body.detail;
        assert!(
            detail(r#"{"code":"A","kind":"Batch","params":{"A":"1","A":"2"}}"#).contains("twice")
        );
        assert!(
            detail(r#"{"code":"A","kind":"Batch","owner":"x"}"#).contains("unknown field `owner`")
        );
        assert!(detail(r#"{"code":"A","kind":"Batch"} x"#).contains("behind the end"));
        assert!(detail("").contains("empty"));
        assert!(parse::<TriggerRun>(br#"{"code":"A","kind":"Batch","params":{"A":"1"}}"#).is_ok());
    }

    #[test]
    fn a_missing_reason_is_an_empty_one() {
        assert_eq!(parse_or_default::<TaskReason>(b"").unwrap(), TaskReason::default());
        assert_eq!(parse_or_default::<TaskReason>(br#"{"reason":"x"}"#).unwrap().reason, "x");
        assert!(parse_or_default::<TaskReason>(b"null").is_err());
    }

    #[test]
    fn definitions_may_be_longer_than_other_texts() {
        let text =
            format!(r#"{{"files":[{{"name":"a","text":"{}"}}]}}"#, "x".repeat(2 * 1024 * 1024));
        assert!(parse_large::<ApplyRequest>(text.as_bytes()).is_ok());
        assert!(parse_large::<ApplyRequest>(br#"{"files":[],"files":[]}"#).is_err());
        assert!(parse_large::<ApplyRequest>(br#"{"files":[]}{}"#).is_err());
    }
}
