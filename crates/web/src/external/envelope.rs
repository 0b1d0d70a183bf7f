//! The answers: the guide's envelope around what became of a call.

use super::call::Manner;
use super::fault::{Fault, Http};
use crate::locale::{Language, Sentence};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use dayend_service::requests::Accepted;
use dayend_wire::codes::ResultCode;
use dayend_wire::external::{CallStatus, ControlAnswer, ErrorAnswer, Severity, TriggerAnswer};
use serde::Serialize;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const ALLOWED: HeaderValue = HeaderValue::from_static("OPTIONS, POST");

/// The answer to an accepted trigger.
pub(super) fn triggered(language: Language, accepted: &Accepted) -> Response {
    replayable(language, &trigger_answer(language, accepted), accepted)
}

/// The answer to an accepted interrupt, restart or rerun, which `sentence` tells apart.
pub(super) fn controlled(language: Language, accepted: &Accepted, sentence: &Sentence) -> Response {
    replayable(language, &control_answer(language, accepted, sentence), accepted)
}

/// The answer to a call that was refused or failed.
pub(super) fn refused(manner: &Manner, fault: Fault) -> Response {
    let status = match fault.http {
        Http::Always(status) => status,
        Http::Strict(status) if manner.strict => status,
        Http::Strict(_) => StatusCode::OK,
    };
    let mut response = json(manner.language, &error_answer(manner, &fault));
    *response.status_mut() = status;
    response.headers_mut().extend(fault.headers);
    response
}

/// The envelope for a call that failed before it was looked at: too many were under way, or a defect of ours.
pub(crate) fn failed_outside(manner: &Manner, status: StatusCode) -> Response {
    refused(manner, Fault::outside(status))
}

/// Whether a path is one of the five calls, wherever they are nested.
pub(crate) fn is_call(path: &str) -> bool {
    path.contains("/rest-api/v1/external/")
}

/// The answer to another method than POST.
pub(crate) fn not_post(method: &Method, headers: &HeaderMap) -> Response {
    let mut response = if *method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    } else {
        refused(&Manner::of(headers), Fault::method(method.as_str()))
    };
    response.headers_mut().insert(header::ALLOW, ALLOWED);
    response
}

/// A response with a JSON body of a bounded size.
pub(super) fn json(language: Language, answer: &impl Serialize) -> Response {
    let text = serde_json::to_vec(answer)
        .expect("answers are structs of strings, and writing to memory cannot fail");
    with_headers(language, Body::from(text))
}

/// A 200 with the headers of every answer.
pub(super) fn with_headers(language: Language, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response
}

fn replayable(language: Language, answer: &impl Serialize, accepted: &Accepted) -> Response {
    let mut response = json(language, answer);
    if accepted.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn trigger_answer(language: Language, accepted: &Accepted) -> TriggerAnswer {
    let sentence = Sentence::Triggered { run: accepted.run_id.to_string() };
    TriggerAnswer {
        severity: Severity::Info,
        summary: language.summary(&sentence),
        batch_run_id: accepted.run_id.to_string(),
        details: language.details(&sentence),
        status: CallStatus::Success,
        status_code: ResultCode::Success,
    }
}

fn control_answer(language: Language, accepted: &Accepted, sentence: &Sentence) -> ControlAnswer {
    ControlAnswer {
        severity: Severity::Info,
        summary: language.summary(sentence),
        batch_run_id: accepted.run_id.to_string(),
        details: language.details(sentence),
        status_code: ResultCode::Success,
        status: CallStatus::Success,
    }
}

fn error_answer(manner: &Manner, fault: &Fault) -> ErrorAnswer {
    ErrorAnswer {
        severity: Severity::Error,
        summary: manner.language.summary(&fault.sentence),
        batch_run_id: manner.run_id.as_ref().map(ToString::to_string),
        details: manner.language.details(&fault.sentence),
        status: CallStatus::Failed,
        status_code: fault.code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_service::requests::Refusal;
    use http_body_util::BodyExt;

    const RUN: &str = "batch1_demo_ext_api_2023-12-06_1701839464230_1";

    fn accepted(replayed: bool) -> Accepted {
        Accepted { run_id: RUN.parse().unwrap(), replayed }
    }

    fn manner(language: Language, strict: bool, run_id: Option<&str>) -> Manner {
        Manner { language, strict, run_id: run_id.map(|run| run.parse().unwrap()) }
    }

    async fn shown(response: Response) -> String {
        let status = response.status();
        let mut lines: Vec<String> = response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        format!("{status}\n{}\n\n{}", lines.join("\n"), String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_trigger_answers_with_the_keys_of_the_guide_in_its_order() {
        insta::assert_snapshot!(shown(triggered(Language::English, &accepted(false))).await, @r#"
        200 OK
        cache-control: no-store
        content-language: en-US
        content-type: application/json

        {"severity":"info","summary":"Object triggered successfully with Run Id: batch1_demo_ext_api_2023-12-06_1701839464230_1","batchRunId":"batch1_demo_ext_api_2023-12-06_1701839464230_1","details":"Object triggered successfully.","status":"success","statusCode":"0"}
        "#);
    }

    #[tokio::test]
    async fn an_interrupt_answers_in_the_same_order_as_a_restart_and_says_that_it_is_a_repeat() {
        let sentence = Sentence::Interrupted { run: RUN.to_owned() };
        insta::assert_snapshot!(shown(controlled(Language::English, &accepted(true), &sentence)).await, @r#"
        200 OK
        cache-control: no-store
        content-language: en-US
        content-type: application/json
        idempotency-replayed: true

        {"severity":"info","summary":"Execution interrupted successfully for Run Id: batch1_demo_ext_api_2023-12-06_1701839464230_1","batchRunId":"batch1_demo_ext_api_2023-12-06_1701839464230_1","details":"Execution interrupted successfully.","statusCode":"0","status":"success"}
        "#);
    }

    #[tokio::test]
    async fn a_logical_error_is_200_for_callers_that_accept_nothing_else_and_4xx_for_strict_ones() {
        let missing = || Fault::from(Refusal::NotFound { what: "run", id: RUN.to_owned() });
        insta::assert_snapshot!(shown(refused(&manner(Language::English, false, Some(RUN)), missing())).await, @r#"
        200 OK
        cache-control: no-store
        content-language: en-US
        content-type: application/json

        {"severity":"error","summary":"Object does not exist.","batchRunId":"batch1_demo_ext_api_2023-12-06_1701839464230_1","details":"The run 'batch1_demo_ext_api_2023-12-06_1701839464230_1' does not exist.","status":"failed","statusCode":"-3"}
        "#);
        let strict = refused(&manner(Language::English, true, None), missing());
        assert_eq!(strict.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn an_outage_is_503_for_everybody() {
        let outage = Fault::from(Refusal::Unavailable("disk full".to_owned()));
        insta::assert_snapshot!(shown(refused(&manner(Language::German, false, None), outage)).await, @r#"
        503 Service Unavailable
        cache-control: no-store
        content-language: de-DE
        content-type: application/json
        retry-after: 5

        {"severity":"error","summary":"Der Server ist zurzeit nicht verfügbar.","details":"Der Server kann dies jetzt nicht speichern oder prüfen: wiederholen Sie die Anfrage etwas später.","status":"failed","statusCode":"-1"}
        "#);
    }

    #[tokio::test]
    async fn another_method_is_told_which_one_to_use() {
        insta::assert_snapshot!(shown(not_post(&Method::GET, &HeaderMap::new())).await, @r#"
        405 Method Not Allowed
        allow: OPTIONS, POST
        cache-control: no-store
        content-language: en-US
        content-type: application/json

        {"severity":"error","summary":"The method is not allowed.","details":"This call takes POST, not GET.","status":"failed","statusCode":"-1"}
        "#);
        insta::assert_snapshot!(shown(not_post(&Method::OPTIONS, &HeaderMap::new())).await, @r"
        204 No Content
        allow: OPTIONS, POST
        ");
    }
}
