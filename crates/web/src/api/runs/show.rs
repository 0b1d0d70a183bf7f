//! `GET /api/v1/runs/{runId}?wait=&revision=`: a run with its tasks or members, now or at its next change.

use super::view::run;
use crate::api::gate::Permitted;
use crate::api::parameters::Parameters;
use crate::api::segments::Segments;
use crate::app::App;
use crate::problem::Problem;
use crate::server::Stopping;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use dayend_service::requests::{Refusal, RunDetail, RunRequest};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Proxies commonly give up after a minute.
const WAIT_MAX_S: u64 = 60;
/// From this number of tasks on the answer is written by a thread that may take its time.
const LARGE_RUN_TASKS: usize = 5000;

/// Answers with the run. With `wait` it does so when the revision is no longer the one that the caller has seen
/// (`revision`, else `If-None-Match`), when the run has ended, when the seconds are over, or when the server stops.
pub(in crate::api) async fn show(
    State(app): State<App>,
    permitted: Permitted,
    Segments(run_id): Segments<String>,
    stopping: Option<Extension<Stopping>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["wait", "revision"])?;
    let wait = parameters.number("wait", 0..=WAIT_MAX_S)?.map(Duration::from_secs);
    let known = if_none_match(&headers);
    let seen = parameters.number("revision", 0..=u64::MAX)?.or(known);
    let request = RunRequest { scope: permitted.scope, run_id, code: None, key: None };
    if let Some(limit) = wait {
        let change = app.service.wait(&permitted.caller, request.clone(), seen, limit);
        until_stop(change, stopping).await?;
    }
    let detail = app.service.run(&permitted.caller, request).await?;
    let revision = detail.status.revision;
    let answer = if known == Some(revision) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(detail).await
    };
    Ok(with_revision(answer, revision))
}

/// Whatever the change was, what is shown is read afterwards.
async fn until_stop<T>(
    change: impl Future<Output = Result<T, Refusal>>,
    stopping: Option<Extension<Stopping>>,
) -> Result<(), Refusal> {
    let Some(Extension(stopping)) = stopping else { return change.await.map(|_| ()) };
    tokio::select! {
        changed = change => changed.map(|_| ()),
        () = stopping.begins() => Ok(()),
    }
}

async fn body(detail: RunDetail) -> Response {
    if detail.status.tasks.len() < LARGE_RUN_TASKS {
        return Json(run(detail)).into_response();
    }
    match spawn_blocking(move || serde_json::to_vec(&run(detail))).await {
        Ok(Ok(bytes)) => {
            ([(header::CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response()
        }
        Ok(Err(_)) | Err(_) => Problem::internal().into_response(),
    }
}

/// `no-cache`: may be kept, must be asked about.
fn with_revision(mut answer: Response, revision: u64) -> Response {
    let tag = HeaderValue::try_from(format!("\"{revision}\""))
        .expect("digits in quotes are visible ASCII");
    answer.headers_mut().insert(header::ETAG, tag);
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    answer
}

/// The revision of an entity tag that we made. With several tags or `*` the caller gets the whole answer.
fn if_none_match(headers: &HeaderMap) -> Option<u64> {
    let tag = headers.get(header::IF_NONE_MATCH)?.to_str().ok()?.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_entity_tags_are_understood() {
        let cases = [
            ("\"7\"", Some(7)),
            (" \"7\" ", Some(7)),
            ("W/\"7\"", Some(7)),
            ("7", None),
            ("*", None),
            ("\"7\", \"8\"", None),
            ("\"-7\"", None),
            ("\"", None),
            ("\"18446744073709551616\"", None),
        ];
        for (value, want) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(if_none_match(&headers), want, "{value}");
        }
        assert_eq!(if_none_match(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn a_stop_ends_a_wait_at_once() {
        let (stop, _) = tokio::sync::watch::channel(false);
        let never = std::future::pending::<Result<(), Refusal>>();
        let waiting = tokio::spawn(until_stop(never, Some(Extension(Stopping::new(&stop)))));
        stop.send_replace(true);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn a_refusal_ends_a_wait() {
        let refused = async { Err::<(), _>(Refusal::WrongState("x".to_owned())) };
        assert_eq!(until_stop(refused, None).await, Err(Refusal::WrongState("x".to_owned())));
    }
}
