//! The external interface as callers see it: a real service behind the real router.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use dayend_testkit::app::{TENANT, TestApp, USER};
use dayend_testkit::scripted::Act;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

const DEFINITIONS: &str = "
apiVersion: dayend/v1
kind: Batch
code: LOAD
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A] }
---
apiVersion: dayend/v1
kind: Batch
code: CLOSE
tasks: [{ code: C, noop: {} }]
---
apiVersion: dayend/v1
kind: BatchGroup
code: NIGHT
members: [{ batch: LOAD }, { batch: CLOSE, after: [LOAD] }]
";
const CLOUD: &str = "/SchedulerService/rest-api/v1/external";
const PLAIN: &str = "/rest-api/v1/external";

#[tokio::test]
async fn a_run_is_triggered_interrupted_restarted_and_rerun() {
    let client = Client::new().await;
    let held = client.call("trigger", r#"{"batchName":"LOAD","batchType":"rest","heldTasks":"A","dynamicParamList":"{\"batchParams\":{\"FICMISDATE$\":\"2026-10-30\"}}"}"#).await;
    let run = held.run();
    assert!(run.starts_with("LOAD_2026-10-30_") && run.ends_with("_1"), "{run}");
    let status = client.call("status", &format!(r#"{{"batchRunId":"{run}",}}"#)).await;
    let want = format!(
        r#"{{"severity":"info","batchRunId":"{run}","taskStatusList":[{{"taskCode":"A","taskStatus":"HELD","statusCode":"5"}},{{"taskCode":"B","taskStatus":"NOT-STARTED","statusCode":"1"}}],"batchStatusCode":"5","batchList":[],"batchStatus":"HELD","status":"success","statusCode":"0"}}"#
    );
    assert_eq!(status.body, want);

    let body = format!(r#"{{"batchName":"LOAD","batchRunID":"{run}"}}"#);
    let interrupted = client.call("interrupt", &body).await;
    let want = format!(
        r#"{{"severity":"info","summary":"Execution interrupted successfully for Run Id: {run}","batchRunId":"{run}","details":"Execution interrupted successfully.","statusCode":"0","status":"success"}}"#
    );
    assert_eq!(interrupted.body, want);
    let again = client.call("interrupt", &body).await;
    assert_eq!((again.status, again.code(), again.run()), (200, "-7", run.clone()));

    let restarted = client.call("restart", &body).await;
    let want = format!(
        r#"{{"severity":"info","summary":"Object triggered successfully for restart with Run Id: {run}","batchRunId":"{run}","details":"Object triggered successfully.","statusCode":"0","status":"success"}}"#
    );
    assert_eq!(restarted.body, want);
    client.app.ended(&run).await;
    let only_b = client.call("status", &format!(r#"{{"batchRunId":"{run}","tasks":["B"]}}"#)).await;
    assert_eq!(only_b.json()["batchStatus"], "SUCCESSFUL");
    assert_eq!(
        only_b.json()["taskStatusList"],
        json!([{"taskCode":"B","taskStatus":"SUCCESSFUL","statusCode":"0"}])
    );
    for (verb, code) in [("restart", "-6"), ("interrupt", "-8")] {
        assert_eq!(client.call(verb, &body).await.code(), code, "{verb} of a run that has ended");
    }

    let rerun = client.call("rerun", &body).await;
    assert_eq!(rerun.code(), "0");
    assert!(rerun.run().starts_with("LOAD_2026-10-30_") && rerun.run() != run, "{}", rerun.body);
    let summary = format!("Object triggered successfully for rerun with Run Id: {}", rerun.run());
    assert_eq!(rerun.json()["summary"], summary);
}

#[tokio::test]
async fn a_failed_run_is_told_with_a_call_that_succeeded() {
    let client = Client::new().await;
    client.app.scripted.script("A", &[Act::Fail]);
    let run = client.call("trigger", r#"{"batchName":"LOAD","batchType":"rest"}"#).await.run();
    client.app.ended(&run).await;
    let status = client.call("status", &format!(r#"{{"batchRunId":"{run}"}}"#)).await.json();
    assert_eq!(
        (&status["batchStatus"], &status["batchStatusCode"]),
        (&json!("FAILED"), &json!("-1"))
    );
    assert_eq!((&status["status"], &status["statusCode"]), (&json!("success"), &json!("0")));
}

#[tokio::test]
async fn a_group_shows_its_members_and_no_tasks() {
    let client = Client::new().await;
    let night = client.call("trigger", r#"{"batchName":"NIGHT","batchType":"GROUP","heldTasks":["LOAD"],"$FICMISDATE$":"2026-10-30","dynamicParamList":[{"batchName":"CLOSE","batchParams":{"$FICMISDATE$":"2026-10-31"}}]}"#).await;
    let status = client.call("status", &format!(r#"{{"batchRunId":"{}"}}"#, night.run())).await;
    let keys: Vec<String> = status.json().as_object().unwrap().keys().cloned().collect();
    let want = [
        "severity",
        "batchRunId",
        "batchStatusCode",
        "batchList",
        "batchStatus",
        "status",
        "statusCode",
    ];
    assert_eq!(keys, want);
    let members = status.json()["batchList"].as_array().unwrap().clone();
    let shown: Vec<&str> =
        members.iter().map(|member| member["batchStatus"].as_str().unwrap()).collect();
    assert_eq!(shown, ["HELD", "NOT-STARTED"]);
    let close = members[1]["batchRunId"].as_str().unwrap();
    assert!(close.starts_with("CLOSE_2026-10-31_"), "{close}");
    let asked = format!(r#"{{"batchRunId":"{}","tasks":"CLOSE"}}"#, night.run());
    let filtered = client.call("status", &asked).await.json();
    assert_eq!(filtered["batchList"], json!([members[1]]));
    let member = client.call("status", &format!(r#"{{"batchRunId":"{close}"}}"#)).await.json();
    assert_eq!(member["batchStatus"], "NOT-STARTED");
}

/// Everything is wrong at first; each step mends what was complained about.
#[tokio::test]
async fn what_is_wrong_is_told_in_a_fixed_order() {
    let client = Client::new().await;
    let token = format!("Bearer {}", client.token);
    let mut headers: Vec<(&str, String)> = vec![("x-dayend-strict", "true".to_owned())];
    let mut steps = Vec::new();
    let uri = format!("{CLOUD}/trigger");
    let mut body = "not json";
    let mut step = async |headers: &[(&str, String)], body: &str| {
        let pairs: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = client.send("POST", &uri, &pairs, body.to_owned()).await;
        steps.push(format!(
            "{} {} {}",
            reply.status,
            reply.code(),
            reply.json()["details"].as_str().unwrap()
        ));
    };
    step(&headers, body).await;
    headers.push(("authorization", "Bearer forged".to_owned()));
    step(&headers, body).await;
    headers.retain(|(name, _)| *name != "authorization");
    headers.push(("authorization", token));
    for (name, value) in [
        ("ofs_tenant_id", TENANT),
        ("ofs_service_id", "NOWHERE"),
        ("ofs_workspace_id", "WS001"),
        ("ofs_remote_user", "nobody"),
    ] {
        step(&headers, body).await;
        headers.push((name, value.to_owned()));
    }
    step(&headers, body).await;
    set(&mut headers, "ofs_service_id", "OFS");
    step(&headers, body).await;
    set(&mut headers, "ofs_remote_user", USER);
    step(&headers, body).await;
    set(&mut headers, "content-type", "application/json");
    step(&headers, body).await;
    body = r#"{"batchName":"NOPE"}"#;
    step(&headers, body).await;
    body = r#"{"batchName":"NOPE","batchType":"rest"}"#;
    step(&headers, body).await;
    body = r#"{"batchName":"LOAD","batchType":"group"}"#;
    step(&headers, body).await;
    body = r#"{"batchName":"LOAD","batchType":"rest","excludedTasks":"A,NOPE"}"#;
    step(&headers, body).await;
    body = r#"{"batchName":"LOAD","batchType":"rest","excludedTasks":"A,B"}"#;
    step(&headers, body).await;
    insta::assert_snapshot!(steps.join("\n"));
}

#[tokio::test]
async fn who_may_not_look_is_told_every_function_that_would_do() {
    let client = Client::new().await;
    let named = [("ofs_remote_user", "nobody")];
    let reply = client.call_with("status", &named, "{}").await;
    assert_eq!((reply.status, reply.code()), (403, "-1"), "{}", reply.body);
    assert!(reply.body.contains("nobody does not hold BATCH_VIEW or BATCH_EXEC in "));
}

#[tokio::test]
async fn logical_errors_are_200_and_4xx_only_on_request() {
    let client = Client::new().await;
    let ended = client.call("trigger", r#"{"batchName":"CLOSE","batchType":"rest"}"#).await.run();
    client.app.ended(&ended).await;
    let other = format!(r#"{{"batchName":"LOAD","batchRunId":"{ended}"}}"#);
    let own = format!(r#"{{"batchName":"CLOSE","batchRunId":"{ended}"}}"#);
    #[rustfmt::skip]
    let cases = [
        ("trigger",   r#"{"batchName":"LOAD"}"#,                                       "-4", 400),
        ("trigger",   r#"{"batchName":"LOAD","batchName":"LOAD","batchType":"rest"}"#, "-4", 400),
        ("status",    r#"{"batchRunId":"LOAD_2026-10-30_1_1"}"#,                       "-3", 404),
        ("status",    r#"{"batchRunId":"' or 1=1 --"}"#,                               "-3", 404),
        ("trigger",   r#"{"batchName":"x'; drop table run; --","batchType":"rest"}"#,  "-3", 404),
        ("interrupt", other.as_str(),                                                  "-4", 400),
        ("interrupt", own.as_str(),                                                    "-8", 409),
        ("restart",   own.as_str(),                                                    "-6", 409),
    ];
    for (verb, body, code, strict) in cases {
        let reply = client.call(verb, body).await;
        assert_eq!((reply.status, reply.code()), (200, code), "{verb} {body}");
        assert_eq!(
            (&reply.json()["severity"], &reply.json()["status"]),
            (&json!("error"), &json!("failed"))
        );
        let reply = client.call_with(verb, &[("X-Dayend-Strict", "true")], body).await;
        assert_eq!((reply.status, reply.code()), (strict, code), "{verb} {body}");
    }
}

#[tokio::test]
async fn a_repeated_call_is_carried_out_once() {
    let client = Client::new().await;
    let key = [("Idempotency-Key", "order-7")];
    let first = client
        .call_with("trigger", &key, r#"{"batchName":"LOAD","batchType":"rest","heldTasks":"A"}"#)
        .await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = client
        .call_with(
            "trigger",
            &key,
            r#"{ "batchType": "REST", "batchName": "LOAD", "heldTasks": ["A"], }"#,
        )
        .await;
    assert_eq!(
        (again.body.as_str(), again.header("idempotency-replayed")),
        (first.body.as_str(), "true")
    );
    let by_body = client
        .call(
            "trigger",
            r#"{"batchName":"LOAD","batchType":"rest","heldTasks":"A","externalRunId":"order-7"}"#,
        )
        .await;
    assert_eq!((by_body.run(), by_body.header("idempotency-replayed")), (first.run(), "true"));

    let other = r#"{"batchName":"LOAD","batchType":"rest"}"#;
    let reused = client.call_with("trigger", &key, other).await;
    assert_eq!((reused.status, reused.code()), (200, "-4"));
    let strict = [key[0], ("X-Dayend-Strict", "true")];
    assert_eq!(client.call_with("trigger", &strict, other).await.status, 422);
    let both = r#"{"batchName":"LOAD","batchType":"rest","externalRunId":"order-8"}"#;
    assert_eq!(client.call_with("trigger", &key, both).await.code(), "-4");

    let run = format!(r#"{{"batchName":"LOAD","batchRunId":"{}"}}"#, first.run());
    let interrupted = client.call_with("interrupt", &key, &run).await;
    assert_eq!(
        (interrupted.code(), interrupted.header("idempotency-replayed")),
        ("0", ""),
        "a key belongs to one verb"
    );
    let repeated = client.call_with("interrupt", &key, &run).await;
    assert_eq!((repeated.code(), repeated.header("idempotency-replayed")), ("0", "true"));
    let rerun = client.call_with("rerun", &key, &run).await;
    assert_eq!(client.call_with("rerun", &key, &run).await.run(), rerun.run());
}

#[tokio::test]
async fn without_the_prefix_tenant_and_service_come_from_the_token() {
    let client = Client::new().await;
    let token = format!("Bearer {}", client.token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json; charset=UTF-8"),
        ("ofs_workspace_id", "WS001"),
        ("ofs_remote_user", USER),
    ];
    let body = r#"{"batchName":"LOAD","batchType":"rest"}"#;
    let plain = client.send("POST", &format!("{PLAIN}/trigger"), &headers, body).await;
    assert_eq!((plain.status, plain.code()), (200, "0"), "{}", plain.body);
    let cloud = client.send("POST", &format!("{CLOUD}/trigger"), &headers, body).await;
    assert_eq!((cloud.status, cloud.code()), (200, "-5"), "{}", cloud.body);
}

#[tokio::test]
async fn what_is_no_call_is_refused_with_its_own_status() {
    let client = Client::new().await;
    let uri = format!("{CLOUD}/trigger");
    for method in ["GET", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW"] {
        let reply = client.send(method, &uri, &[], "").await;
        assert_eq!((reply.status, reply.code()), (405, "-1"), "{method}");
        assert_eq!(reply.header("allow"), "OPTIONS, POST", "{method}");
    }
    let options = client.send("OPTIONS", &uri, &[], "").await;
    assert_eq!(
        (options.status, options.header("allow"), options.body.as_str()),
        (204, "OPTIONS, POST", "")
    );

    let body = r#"{"batchName":"LOAD","batchType":"rest"}"#;
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/json; charset=latin1"),
        ("content-encoding", "gzip"),
    ] {
        let reply = client.call_with("trigger", &[(name, value)], body).await;
        assert_eq!((reply.status, reply.code()), (415, "-4"), "{name}: {value}");
    }
    let huge =
        format!(r#"{{"batchName":"LOAD","batchType":"rest","x":"{}"}}"#, "x".repeat(1 << 20));
    let reply = client.call("trigger", &huge).await;
    assert_eq!((reply.status, reply.code()), (413, "-4"));
}

#[tokio::test]
async fn no_token_is_401_with_a_challenge_in_the_envelope() {
    let client = Client::new().await;
    for verb in ["trigger", "status", "interrupt", "restart", "rerun"] {
        for prefix in [CLOUD, PLAIN] {
            let reply = client.send("POST", &format!("{prefix}/{verb}"), &[], "{}").await;
            assert_eq!((reply.status, reply.code()), (401, "-1"), "{prefix}/{verb}");
            assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="dayend""#);
        }
    }
}

#[tokio::test]
async fn sentences_come_in_the_language_of_the_locale() {
    let client = Client::new().await;
    let body = r#"{"batchName":"NOPE","batchType":"rest"}"#;
    for (locale, tag, details) in [
        ("fr_FR", "fr-FR", "Le lot « NOPE » n'existe pas."),
        ("DE", "de-DE", "Der Batch „NOPE“ existiert nicht."),
        ("es-MX", "es-ES", "El lote «NOPE» no existe."),
        ("xx", "en-US", "The batch 'NOPE' does not exist."),
    ] {
        let reply = client.call_with("trigger", &[("locale", locale)], body).await;
        assert_eq!((reply.code(), reply.header("content-language")), ("-3", tag));
        assert_eq!(reply.json()["details"], details);
    }
}

fn set(headers: &mut Vec<(&str, String)>, name: &'static str, value: &str) {
    headers.retain(|(existing, _)| *existing != name);
    headers.push((name, value.to_owned()));
}

/// What came back.
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect(&self.body)
    }

    /// The `statusCode`; every answer of the interface has one.
    fn code(&self) -> &'static str {
        let code = self.json()["statusCode"].as_str().expect(&self.body).to_owned();
        let known = ["0", "-1", "-3", "-4", "-5", "-6", "-7", "-8"];
        known.into_iter().find(|known| *known == code).expect(&code)
    }

    fn run(&self) -> String {
        self.json()["batchRunId"].as_str().expect(&self.body).to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A caller with all rights.
struct Client {
    app: TestApp,
    router: Router,
    token: String,
}

impl Client {
    async fn new() -> Self {
        let app = TestApp::new().await;
        app.apply(DEFINITIONS).await;
        let mut client = Self { router: app.router(), app, token: String::new() };
        let form = format!(
            "grant_type=password&scope=urn:opc:idm:__myscopes__&client_id={}&client_secret={}&username={USER}&password={}",
            client.app.client_id,
            client.app.client_secret.expose_secret(),
            client.app.password.expose_secret().replace(' ', "+"),
        );
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let reply = client.send("POST", "/oauth2/v1/token", &headers, form).await;
        reply.json()["access_token"].as_str().expect(&reply.body).clone_into(&mut client.token);
        client
    }

    async fn call(&self, verb: &str, body: &str) -> Reply {
        self.call_with(verb, &[], body).await
    }

    /// A call with all headers; `extra` ones take the place of those of the same name.
    async fn call_with(&self, verb: &str, extra: &[(&'static str, &str)], body: &str) -> Reply {
        let mut headers: Vec<(&str, String)> = vec![
            ("authorization", format!("Bearer {}", self.token)),
            ("content-type", "application/json".to_owned()),
            ("ofs_tenant_id", TENANT.to_owned()),
            ("ofs_service_id", "OFS".to_owned()),
            ("ofs_workspace_id", "WS001".to_owned()),
            ("ofs_remote_user", USER.to_owned()),
        ];
        for (name, value) in extra {
            set(&mut headers, name, value);
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send("POST", &format!("{CLOUD}/{verb}"), &headers, body.to_owned()).await
    }

    async fn send(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}
