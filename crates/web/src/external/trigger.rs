//! `POST …/external/trigger`: starts a batch or a batch group.

use super::call::{Entrance, Manner, enter};
use super::fault::Fault;
use super::{envelope, fields, fingerprint, params};
use crate::app::App;
use crate::json::Object;
use crate::locale::Sentence;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use dayend_engine::codes::{Scope, shortened};
use dayend_engine::definition::Kind;
use dayend_identity::caller::Function;
use dayend_service::requests::{IdempotencyKey, TriggerParams, TriggerRequest};

const EXCLUDED: &str = "excludedTasks";
const HELD: &str = "heldTasks";
const INCLUDED: &str = "includedTasks";

pub(super) async fn handle(app: &App, request: (Entrance, &HeaderMap, Body)) -> Response {
    let mut manner = Manner::of(request.1);
    let result = trigger(app, &mut manner, request).await;
    manner.answer(result)
}

async fn trigger(
    app: &App,
    manner: &mut Manner,
    request: (Entrance, &HeaderMap, Body),
) -> Result<Response, Fault> {
    let call = enter(app, manner, request, &[Function::Exec]).await?;
    let accepted =
        app.service.trigger(&call.caller, parse(call.scope, call.key, &call.body)?).await?;
    Ok(envelope::triggered(manner.language, &accepted))
}

fn parse(scope: Scope, key: Option<String>, body: &Object) -> Result<TriggerRequest, Fault> {
    let known = [
        fields::BATCH_NAME,
        fields::BATCH_TYPE,
        fields::EXTERNAL_RUN_ID,
        EXCLUDED,
        HELD,
        INCLUDED,
        params::DYNAMIC_PARAM_LIST,
    ];
    fields::log_unknown(body, &known);
    let code = fields::required(body, fields::BATCH_NAME)?.to_owned();
    let (kind, params) = typed(body)?;
    let mut request = TriggerRequest {
        scope,
        code,
        kind,
        excluded: fields::codes(body, EXCLUDED)?,
        held: fields::codes(body, HELD)?,
        included: fields::codes(body, INCLUDED)?,
        mis_date: fields::mis_date(body, "")?,
        params,
        key: None,
    };
    let key = fields::idempotency_key(key, body)?;
    request.key =
        key.map(|key| IdempotencyKey { key, body_hash: fingerprint::of_trigger(&request) });
    Ok(request)
}

/// `batchType` decides what is started, and with it which shape the parameters have.
fn typed(body: &Object) -> Result<(Kind, TriggerParams), Fault> {
    let written = fields::required(body, fields::BATCH_TYPE)?.trim();
    if written.eq_ignore_ascii_case("rest") {
        Ok((Kind::Batch, params::of_batch(body)?))
    } else if written.eq_ignore_ascii_case("group") {
        Ok((Kind::BatchGroup, params::of_group(body)?))
    } else {
        Err(Fault::arguments(Sentence::NotABatchType { value: shortened(written) }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::object;
    use super::*;
    use std::collections::BTreeMap;

    /// The guide's sample request for a batch: line breaks of the print and the lost last brace mended.
    const BATCH: &str = r#"{
  "batchName": "<BATCH_CODE>",
  "batchType": "rest",
  "excludedTasks": "",
  "heldTasks": "",
  "dynamicParamList": "{ \"batchParams\": { \"FICMISDATE$\": \"2026-10-30\" }, \"taskRuntimeParams\": { \"TASK_CODE1\": { }, \"TASK_CODE2\": { } } }"
}"#;
    /// The guide's sample request for a group: its brackets mended.
    const GROUP: &str = r#"{
  "batchName": "<BATCHGROUP CODE>",
  "batchType": "group",
  "excludedTasks": "",
  "heldTasks": "",
  "dynamicParamList": "[{\"batchName\": \"BATCH_CODE1\", \"batchParams\": {\"$FICMISDATE$\": \"2026-10-30\"}, \"taskRuntimeParams\": {\"TASK_CODE1\": {}, \"TASK_CODE2\": {}}}, {\"batchName\": \"BATCH_CODE2\", \"batchParams\": {\"$FICMISDATE$\": \"2026-10-31\"}, \"taskRuntimeParams\": {\"TASK_CODE1\": {}, \"TASK_CODE2\": {}}}]"
}"#;

    fn scope() -> Scope {
        Scope { tenant: "T".to_owned(), service: "S".to_owned(), workspace: "WS001".to_owned() }
    }

    fn parsed(key: Option<&str>, body: &str) -> Result<TriggerRequest, Sentence> {
        let body = object(body.as_bytes()).expect(body);
        parse(scope(), key.map(str::to_owned), &body).map_err(|fault| fault.sentence)
    }

    #[test]
    fn the_batch_sample_of_the_guide_is_understood() {
        let request = parsed(None, BATCH).unwrap();
        assert_eq!((request.code.as_str(), request.kind), ("<BATCH_CODE>", Kind::Batch));
        assert!(
            request.excluded.is_empty() && request.held.is_empty() && request.included.is_empty()
        );
        assert_eq!((request.mis_date, request.key), (None, None));
        let TriggerParams::Batch { mis_date, params } = request.params else { panic!("a batch") };
        assert_eq!(mis_date.unwrap().to_string(), "2026-10-30");
        assert!(params.batch.is_empty());
        let tasks: Vec<&str> =
            params.tasks.keys().map(dayend_engine::codes::Code::as_str).collect();
        assert_eq!(tasks, ["TASK_CODE1", "TASK_CODE2"]);
    }

    #[test]
    fn the_group_sample_of_the_guide_is_understood() {
        let request = parsed(None, GROUP).unwrap();
        assert_eq!((request.code.as_str(), request.kind), ("<BATCHGROUP CODE>", Kind::BatchGroup));
        let TriggerParams::Group(members) = request.params else { panic!("a group") };
        let dates: BTreeMap<&str, String> = members
            .iter()
            .map(|(code, member)| (code.as_str(), member.mis_date.unwrap().to_string()))
            .collect();
        assert_eq!(
            dates,
            [("BATCH_CODE1", "2026-10-30".to_owned()), ("BATCH_CODE2", "2026-10-31".to_owned())]
                .into()
        );
        assert!(members.values().all(|member| member.params.tasks.len() == 2));
    }

    /// As printed, a line break stands inside the string and the last brace is missing; neither is repaired.
    #[test]
    fn the_batch_sample_as_printed_is_refused_with_the_place() {
        let printed = BATCH.replace("FICMISDATE$", "FICMISDATE$\n");
        let refused = |body: &str| object(body.as_bytes()).unwrap_err().sentence;
        let Sentence::BodyNotJson { problem, line, .. } = refused(&printed) else {
            panic!("no JSON")
        };
        assert_eq!((problem.as_str(), line), ("a control character in a string is not escaped", 6));
        let Sentence::BodyNotJson { problem, line, .. } = refused(BATCH.trim_end_matches('}'))
        else {
            panic!("no JSON")
        };
        assert_eq!((problem.as_str(), line), ("the text ends too early", 7));
    }

    #[test]
    fn every_documented_variant_asks_for_the_same() {
        let variants = [
            r#"{"batchName":"B","batchType":"rest","heldTasks":"T1,T2","dynamicParamList":{"batchParams":{"$FICMISDATE$":"2026-10-30"}}}"#,
            r#"{"batchName":"B","batchType":"REST","heldTasks":["T1","T2"],"dynamicParamList":"{\"batchParams\":{\"FICMISDATE\":\"2026-10-30\"}}"}"#,
            r#"{"batchName":"B","batchType":" Rest ","heldTasks":"T1, T2,","excludedTasks":null,"includedTasks":[],
                "dynamicParamList":{"batchParams":{"FICMISDATE$":"2026-10-30",},"taskRuntimeParams":{},},"somethingNew":true,}"#,
        ];
        let hashes: Vec<[u8; 32]> = variants
            .iter()
            .map(|body| parsed(Some("k"), body).unwrap().key.unwrap().body_hash)
            .collect();
        assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    }

    #[test]
    fn another_request_has_another_hash() {
        let mut bodies = vec![
            r#"{"batchName":"B","batchType":"rest"}"#.to_owned(),
            r#"{"batchName":"C","batchType":"rest"}"#.to_owned(),
            r#"{"batchName":"B","batchType":"group"}"#.to_owned(),
            r#"{"batchName":"B","batchType":"rest","$FICMISDATE$":"2026-10-30"}"#.to_owned(),
            r#"{"batchName":"B","batchType":"rest","dynamicParamList":{"batchParams":{"A":"1"}}}"#.to_owned(),
            r#"{"batchName":"B","batchType":"rest","dynamicParamList":{"taskRuntimeParams":{"T1":{"A":"1"}}}}"#.to_owned(),
            r#"{"batchName":"B","batchType":"group","dynamicParamList":[{"batchName":"M"}]}"#.to_owned(),
        ];
        for list in [EXCLUDED, HELD, INCLUDED] {
            bodies.push(format!(r#"{{"batchName":"B","batchType":"rest","{list}":"T1"}}"#));
            bodies.push(format!(r#"{{"batchName":"B","batchType":"rest","{list}":"T1,T2"}}"#));
        }
        let hashes: std::collections::BTreeSet<[u8; 32]> = bodies
            .iter()
            .map(|body| parsed(Some("k"), body).unwrap().key.unwrap().body_hash)
            .collect();
        assert_eq!(hashes.len(), bodies.len());
    }

    #[test]
    fn a_group_may_have_one_date_for_all_at_the_top() {
        let request =
            parsed(None, r#"{"batchName":"G","batchType":"group","$FICMISDATE$":"2026-10-30"}"#)
                .unwrap();
        assert_eq!(request.mis_date.unwrap().to_string(), "2026-10-30");
        assert_eq!(request.params, TriggerParams::Group(BTreeMap::new()));
    }

    /// What breaks readers of JSON.
    const WILD: &[u8] = b"\"\\{}[],:0-eu$ \0\xff";

    /// Bytes of the samples are changed, dropped, doubled and swapped by a fixed sequence of pseudo-random numbers.
    #[test]
    fn damaged_requests_are_understood_or_refused_in_every_language() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let (mut understood, mut refused) = (0, 0);
        for round in 0..20_000 {
            let mut bytes = if round % 2 == 0 { BATCH } else { GROUP }.as_bytes().to_vec();
            for _ in 0..=random.below(3) {
                let (at, other) = (random.below(bytes.len()), random.below(bytes.len()));
                match random.below(4) {
                    0 => bytes[at] = WILD[random.below(WILD.len())],
                    1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, bytes[other]),
                    _ => bytes.swap(at, other),
                }
            }
            match object(&bytes).and_then(|body| parse(scope(), Some("k".to_owned()), &body)) {
                Ok(request) => {
                    understood += 1;
                    assert!(request.key.is_some());
                }
                Err(fault) => {
                    refused += 1;
                    assert_eq!(
                        fault.code,
                        dayend_wire::codes::ResultCode::InvalidArguments,
                        "{fault:?}"
                    );
                    let language = crate::locale::Language::ALL[random.below(4)];
                    assert!(
                        !language.details(&fault.sentence).chars().any(char::is_control),
                        "{fault:?}"
                    );
                }
            }
        }
        assert!(understood > 500 && refused > 5000, "{understood} understood, {refused} refused");
    }

    /// Marsaglia's xorshift: the same sequence on every machine.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let missing = |key: &str| Sentence::KeyMissing { key: key.to_owned() };
        let cases = [
            ("{}", missing("batchName")),
            (r#"{"batchName":"B"}"#, missing("batchType")),
            (r#"{"batchName":"","batchType":"rest"}"#, missing("batchName")),
            (r#"{"batchname":"B","batchType":"rest"}"#, missing("batchName")),
            (
                r#"{"batchName":"B","batchType":"batch"}"#,
                Sentence::NotABatchType { value: "batch".to_owned() },
            ),
            (
                r#"{"batchName":["B"],"batchType":"rest"}"#,
                Sentence::KeyWrong {
                    key: "batchName".to_owned(),
                    wanted: crate::locale::Wanted::Text,
                },
            ),
            (
                r#"{"batchName":"B","batchType":"rest","$FICMISDATE$":"x"}"#,
                Sentence::NotADate { key: "$FICMISDATE$".to_owned(), value: "x".to_owned() },
            ),
        ];
        for (body, want) in cases {
            assert_eq!(parsed(None, body).unwrap_err(), want, "{body}");
        }
    }
}
