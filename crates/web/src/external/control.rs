//! What `interrupt`, `restart` and `rerun` have in common: they name a run, and the batch that it must be a run of.

use super::call::{Call, Entrance, Manner, enter};
use super::fault::Fault;
use super::{fields, fingerprint};
use crate::app::App;
use crate::json::Object;
use axum::body::Body;
use axum::http::HeaderMap;
use dayend_engine::codes::Scope;
use dayend_identity::caller::{Caller, Function};
use dayend_service::requests::{IdempotencyKey, RunRequest};

/// Lets the call in and reads which run it is about.
pub(super) async fn enter_for_run(
    app: &App,
    manner: &mut Manner,
    request: (Entrance, &HeaderMap, Body),
) -> Result<(Caller, RunRequest), Fault> {
    let Call { caller, scope, key, body } = enter(app, manner, request, &[Function::Exec]).await?;
    manner.run_id = fields::named_run(&body);
    Ok((caller, parse(scope, key, &body)?))
}

fn parse(scope: Scope, key: Option<String>, body: &Object) -> Result<RunRequest, Fault> {
    let [run_id, other_run_id] = fields::RUN_ID;
    fields::log_unknown(body, &[fields::BATCH_NAME, run_id, other_run_id, fields::EXTERNAL_RUN_ID]);
    let code = fields::required(body, fields::BATCH_NAME)?.to_owned();
    let run_id = fields::run_id(body)?.to_owned();
    let mut request = RunRequest { scope, run_id, code: Some(code), key: None };
    let key = fields::idempotency_key(key, body)?;
    request.key = key.map(|key| IdempotencyKey { key, body_hash: fingerprint::of_run(&request) });
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::super::call::object;
    use super::*;
    use crate::locale::Sentence;

    fn parsed(key: Option<&str>, body: &str) -> Result<RunRequest, Sentence> {
        let scope = Scope {
            tenant: "T".to_owned(),
            service: "S".to_owned(),
            workspace: "WS001".to_owned(),
        };
        let body = object(body.as_bytes()).expect(body);
        parse(scope, key.map(str::to_owned), &body).map_err(|fault| fault.sentence)
    }

    #[test]
    fn the_sample_of_the_guide_names_a_batch_and_a_run() {
        let request = parsed(
            None,
            "{\n  \"batchName\": \"<Batch_code>\",\n  \"batchRunId\": \"<Batchrun_ID>\"\n}",
        )
        .unwrap();
        assert_eq!(request.code.as_deref(), Some("<Batch_code>"));
        assert_eq!(request.run_id, "<Batchrun_ID>");
        assert_eq!(request.scope.workspace, "WS001");
        assert_eq!(request.key, None);
    }

    #[test]
    fn both_the_batch_and_the_run_must_be_named() {
        let missing = |key: &str| Sentence::KeyMissing { key: key.to_owned() };
        assert_eq!(parsed(None, r#"{"batchRunID":"R"}"#).unwrap_err(), missing("batchName"));
        assert_eq!(parsed(None, r#"{"batchName":"B"}"#).unwrap_err(), missing("batchRunId"));
    }

    #[test]
    fn the_same_request_has_the_same_hash_however_it_is_written() {
        let hash = |body: &str| parsed(Some("k"), body).unwrap().key.unwrap().body_hash;
        let first = hash(r#"{"batchName":"B","batchRunId":"R"}"#);
        assert_eq!(
            first,
            hash("{ \"batchRunID\" : \"\\u0052\",\n\"batchName\":\"B\", \"extra\": 1, }")
        );
        assert_eq!(first, hash(r#"{"batchName":"B","batchRunId":"R","externalRunId":"k"}"#));
        assert_ne!(first, hash(r#"{"batchName":"B","batchRunId":"Q"}"#));
        assert_ne!(first, hash(r#"{"batchName":"C","batchRunId":"R"}"#));
    }
}
