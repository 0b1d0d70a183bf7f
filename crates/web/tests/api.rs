//! The faces as callers see them: a real service behind the real router.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dayend_testkit::app::{TestApp, USER};
use dayend_web::app::{App, WebSettings};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const CHAIN: &str = "
apiVersion: dayend/v1
kind: Batch
code: CHAIN
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A] }
";
const FORM: &str = "application/x-www-form-urlencoded";

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

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the problem's code (or the error of RFC 6749).
    fn problem(&self) -> String {
        let body = self.json();
        let code = body.get("code").or_else(|| body.get("error")).and_then(Value::as_str);
        format!("{} {}", self.status, code.unwrap_or("none"))
    }
}

/// Somebody with a token (or without).
struct Client {
    router: Router,
    token: Option<String>,
}

impl Client {
    async fn of(app: &TestApp) -> Self {
        let anonymous = Self { router: app.router(), token: None };
        let reply = anonymous.token(&basic(app), &password_form(app)).await;
        let token = reply.json()["access_token"].as_str().map(str::to_owned);
        Self { token, ..anonymous }
    }

    async fn send(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
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

    async fn get(&self, uri: &str) -> Reply {
        self.send("GET", uri, &[], Body::empty()).await
    }

    async fn post(&self, uri: &str, body: Value) -> Reply {
        self.send("POST", uri, &[("content-type", "application/json")], body.to_string()).await
    }

    async fn post_with_key(&self, uri: &str, key: &str, body: Value) -> Reply {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send("POST", uri, &headers, body.to_string()).await
    }

    async fn token(&self, authorization: &str, form: &str) -> Reply {
        let headers = [("content-type", FORM), ("authorization", authorization)];
        self.send("POST", "/oauth2/v1/token", &headers, form.to_owned()).await
    }
}

fn basic(app: &TestApp) -> String {
    let pair = format!("{}:{}", app.client_id, app.client_secret.expose_secret());
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

fn password_form(app: &TestApp) -> String {
    let password = app.password.expose_secret().replace(' ', "+");
    format!(
        "grant_type=password&username={USER}&password={password}&scope=urn:opc:idm:__myscopes__"
    )
}

#[tokio::test]
async fn a_token_is_issued_to_who_proves_who_they_are() {
    let app = TestApp::new().await;
    let client = Client { router: app.router(), token: None };
    let reply = client.token(&basic(&app), &password_form(&app)).await;
    assert_eq!(
        (reply.status, &reply.json()["token_type"]),
        (200, &json!("Bearer")),
        "{}",
        reply.body
    );
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));

    let wrong = client.token("Basic YXBwOndyb25n", &password_form(&app)).await;
    assert_eq!(wrong.problem(), "401 invalid_client");
    assert_eq!(wrong.header("www-authenticate"), r#"Basic realm="dayend""#);

    let form = format!("{}&client_id=nobody&client_secret=wrong", password_form(&app));
    let wrong = client.send("POST", "/oauth2/v1/token", &[("content-type", FORM)], form).await;
    assert_eq!(
        (wrong.problem().as_str(), wrong.header("www-authenticate")),
        ("401 invalid_client", "")
    );

    let wrong =
        client.token(&basic(&app), "grant_type=password&username=operator&password=no").await;
    assert_eq!(wrong.problem(), "400 invalid_grant");
    assert_eq!(
        client.token(&basic(&app), "grant_type=magic").await.problem(),
        "400 unsupported_grant_type"
    );
    let large = "x".repeat(64 * 1024 + 1);
    assert_eq!(client.token(&basic(&app), &large).await.problem(), "413 body-too-large");
    let get = client.get("/oauth2/v1/token").await;
    assert_eq!(
        (get.problem().as_str(), get.header("allow")),
        ("405 method-not-allowed", "POST,OPTIONS")
    );
}

#[tokio::test]
async fn nothing_is_done_without_a_token_or_in_a_foreign_scope() {
    let app = TestApp::new().await;
    let known = Client::of(&app).await;
    let nobody = Client { router: app.router(), token: None };
    let forger =
        Client { router: app.router(), token: Some("eyJhbGciOiJub25lIn0.e30.".to_owned()) };
    #[rustfmt::skip]
    let routes = [
        ("POST", "/api/v1/definitions"), ("GET", "/api/v1/definitions"), ("POST", "/api/v1/runs"), ("GET", "/api/v1/runs"),
        ("GET", "/api/v1/runs/R"), ("GET", "/api/v1/runs/R/tasks/T/log"),
        ("POST", "/api/v1/runs/R/interrupt"), ("POST", "/api/v1/runs/R/restart"), ("POST", "/api/v1/runs/R/rerun"),
        ("POST", "/api/v1/runs/R/tasks/T/hold"), ("POST", "/api/v1/runs/R/tasks/T/release"), ("POST", "/api/v1/runs/R/tasks/T/exclude"),
        ("POST", "/api/v1/runs/R/tasks/T/include"), ("POST", "/api/v1/runs/R/tasks/T/force-ok"),
    ];
    for (method, uri) in routes {
        let reply = nobody.send(method, uri, &[], Body::empty()).await;
        assert_eq!(reply.problem(), "401 not-authenticated", "{method} {uri}");
        assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="dayend""#, "{method} {uri}");
        let reply = forger.send(method, uri, &[], Body::empty()).await;
        assert!(reply.header("www-authenticate").contains("invalid_token"), "{method} {uri}");
        for header in ["ofs_tenant_id", "ofs_service_id", "ofs_workspace_id"] {
            let reply = known.send(method, uri, &[(header, "elsewhere")], Body::empty()).await;
            assert_eq!(reply.problem(), "404 unknown-scope", "{method} {uri} {header}");
        }
        let reply = known.send(method, uri, &[("authorization", "Bearer x")], Body::empty()).await;
        assert_eq!(reply.problem(), "400 invalid-request", "{method} {uri}: two tokens");
    }
}

#[tokio::test]
async fn definitions_are_applied_all_or_none_and_exported() {
    let app = TestApp::new().await;
    let client = Client::of(&app).await;
    let files = json!([{ "name": "chain.yaml", "text": CHAIN }]);
    let dry = client.post("/api/v1/definitions", json!({ "files": files, "dryRun": true })).await;
    assert_eq!(
        (dry.status, &dry.json()["changes"][0]["code"]),
        (200, &json!("CHAIN")),
        "{}",
        dry.body
    );
    let long_name = json!([{ "name": "x".repeat(1025), "text": CHAIN }]);
    for (uri, question) in [
        ("/api/v1/definitions?dryRun=true", json!({ "files": files })),
        ("/api/v1/definitions", json!([files])),
        ("/api/v1/definitions", json!({ "files": long_name })),
    ] {
        assert_eq!(client.post(uri, question).await.problem(), "400 invalid-request", "{uri}");
    }
    assert_eq!(
        client.get("/api/v1/definitions?code=CHAIN").await.status,
        404,
        "a dry run stores nothing, nor does a refused request"
    );
    let applied = client.post("/api/v1/definitions", json!({ "files": files })).await;
    assert_eq!(
        (applied.status, &applied.json()["dryRun"]),
        (200, &json!(false)),
        "{}",
        applied.body
    );
    let exported = client.get("/api/v1/definitions?code=CHAIN").await;
    assert_eq!(exported.header("content-type"), "application/yaml");
    assert!(exported.body.contains("code: CHAIN"), "{}", exported.body);

    let bad = CHAIN.replace("after: [A]", "after: [NOBODY]");
    let refused = client
        .post("/api/v1/definitions", json!({ "files": [{ "name": "bad.yaml", "text": bad }] }))
        .await;
    assert_eq!(refused.problem(), "422 bad-definitions");
    assert_eq!(refused.json()["defects"][0]["file"], "bad.yaml", "{}", refused.body);
}

#[tokio::test]
async fn a_run_is_started_once_watched_and_started_again() {
    let app = TestApp::new().await;
    let client = Client::of(&app).await;
    app.apply(CHAIN).await;
    let question = json!({ "code": "CHAIN", "kind": "Batch", "misDate": "2026-10-30" });
    let first = client.post_with_key("/api/v1/runs", "night-1", question.clone()).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let run = first.json()["runId"].as_str().unwrap().to_owned();
    assert_eq!(first.header("location"), format!("https://127.0.0.1:8443/api/v1/runs/{run}"));

    let again = client.post_with_key("/api/v1/runs", "night-1", question).await;
    assert_eq!(
        (&again.json()["runId"], again.header("idempotency-replayed")),
        (&json!(run), "true")
    );
    let other = client
        .post_with_key("/api/v1/runs", "night-1", json!({ "code": "CHAIN", "kind": "Batch" }))
        .await;
    assert_eq!(other.problem(), "422 key-reused");

    app.ended(&run).await;
    let uri = format!("/api/v1/runs/{run}");
    let shown = client.get(&format!("{uri}?wait=60")).await;
    let body = shown.json();
    assert_eq!(
        (&body["status"], &body["outcome"], &body["terminal"]),
        (&json!("SUCCESSFUL"), &json!("SUCCESS"), &json!(true))
    );
    assert_eq!(body["tasks"][1]["code"], "B");
    let tag = shown.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", body["revision"]));
    let unchanged = client.send("GET", &uri, &[("if-none-match", &tag)], Body::empty()).await;
    assert_eq!(
        (unchanged.status, unchanged.header("etag"), unchanged.body.as_str()),
        (304, tag.as_str(), "")
    );

    let runs = client.get("/api/v1/runs?code=CHAIN&limit=10").await.json();
    assert_eq!(
        (runs["runs"].as_array().map(Vec::len), &runs["runs"][0]["runId"]),
        (Some(1), &json!(run))
    );
    let rerun = client.send("POST", &format!("{uri}/rerun"), &[], Body::empty()).await;
    assert_eq!(rerun.status, 201, "{}", rerun.body);
    assert_ne!(rerun.json()["runId"], json!(run));

    assert_eq!(
        client.post(&format!("{uri}/interrupt"), json!({})).await.problem(),
        "409 wrong-state"
    );
    assert_eq!(
        client.post(&format!("{uri}/restart"), json!({})).await.problem(),
        "409 nothing-to-run"
    );
    let hold = client.post(&format!("{uri}/tasks/A/hold"), json!({ "reason": "too late" })).await;
    assert_eq!(hold.problem(), "409 wrong-state");
    assert_eq!(client.get("/api/v1/runs/CHAIN_2026-10-30_1_1").await.problem(), "404 not-found");
    assert_eq!(client.get(&format!("{uri}/tasks/NOBODY/log")).await.problem(), "404 not-found");
}

#[tokio::test]
async fn a_held_task_waits_for_its_release() {
    let app = TestApp::new().await;
    let client = Client::of(&app).await;
    app.apply(CHAIN).await;
    let started = client
        .post("/api/v1/runs", json!({ "code": "CHAIN", "kind": "Batch", "held": ["B"] }))
        .await;
    let run = started.json()["runId"].as_str().unwrap().to_owned();
    let uri = format!("/api/v1/runs/{run}");
    app.wait_until(&run, |status| status.status.as_str() == "HELD").await;
    let held = client.get(&uri).await.json();
    assert_eq!((&held["status"], &held["outcome"]), (&json!("HELD"), &json!("HELD_BLOCKED")));
    let released = client
        .post(&format!("{uri}/tasks/B/release"), json!({ "reason": "the file is there" }))
        .await;
    assert_eq!(
        (released.status, &released.json()["runId"]),
        (200, &json!(run)),
        "{}",
        released.body
    );
    assert_eq!(app.ended(&run).await.status.as_str(), "SUCCESSFUL");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_before_anything_is_done() {
    let app = TestApp::new().await;
    let client = Client::of(&app).await;
    app.apply(CHAIN).await;
    let json_type = [("content-type", "application/json")];
    let send = |headers, body: &str| client.send("POST", "/api/v1/runs", headers, body.to_owned());
    assert_eq!(
        send(&[("content-type", "text/plain")], "{}").await.problem(),
        "415 unsupported-media-type"
    );
    assert_eq!(send(&[], "{}").await.problem(), "415 unsupported-media-type");
    assert_eq!(
        send(&json_type, &" ".repeat(1024 * 1024 + 1)).await.problem(),
        "413 body-too-large"
    );
    let doubled = r#"{"code":"CHAIN","code":"CHAIN","kind":"Batch"}"#;
    for body in [
        "",
        "[]",
        r#"["CHAIN","Batch"]"#,
        "{",
        r#"{"code":"CHAIN"}"#,
        r#"{"code":"CHAIN","kind":"Batch","id":1}"#,
        doubled,
    ] {
        assert_eq!(send(&json_type, body).await.problem(), "400 invalid-request", "{body}");
    }
    assert_eq!(
        client.post("/api/v1/runs", json!({ "code": "NOPE", "kind": "Batch" })).await.problem(),
        "404 not-found"
    );
    assert_eq!(
        client
            .post("/api/v1/runs", json!({ "code": "CHAIN", "kind": "BatchGroup" }))
            .await
            .problem(),
        "404 not-found"
    );
    for uri in [
        "/api/v1/runs?limit=0",
        "/api/v1/runs?limit=1001",
        "/api/v1/runs?lmit=1",
        "/api/v1/runs/R?wait=61",
    ] {
        assert_eq!(client.get(uri).await.problem(), "400 invalid-request", "{uri}");
    }
    for (method, uri) in [
        ("GET", "/api/v1/runs/%ff"),
        ("GET", "/api/v1/runs/R/tasks/%ff/log"),
        ("POST", "/api/v1/runs/%ff/restart"),
        ("POST", "/api/v1/runs/R/tasks/%ff/hold"),
        ("POST", "/api/v1/callbacks/%ff"),
        ("POST", "/api/v1/runs/R/restart?force=true"),
    ] {
        let reply = client.send(method, uri, &[], Body::empty()).await;
        assert_eq!(reply.problem(), "400 invalid-request", "{method} {uri}");
    }
    let run = json!({ "code": "CHAIN", "kind": "Batch" });
    assert_eq!(
        client.post("/api/v1/runs?misDate=2026-10-30", run).await.problem(),
        "400 invalid-request",
        "what stands in the wrong place is not overlooked"
    );
    let wrong = client.send("DELETE", "/api/v1/runs", &[], Body::empty()).await;
    assert_eq!(
        (wrong.problem().as_str(), wrong.header("allow")),
        ("405 method-not-allowed", "POST,GET,HEAD")
    );
    assert_eq!(client.get("/api/v2/runs").await.problem(), "404 not-found");
    assert_eq!(client.get("/api/v1/runs").await.json()["runs"], json!([]), "nothing was started");
}

#[tokio::test]
async fn what_everybody_may_know_needs_no_token() {
    let app = TestApp::new().await;
    let client = Client { router: app.router(), token: None };
    assert_eq!(client.get("/health").await.body, "ok\n");
    assert_eq!(client.get("/ready").await.body, "ready\n");
    assert_eq!(client.get("/admin/v1/SigningCert/jwk").await.json()["keys"][0]["kty"], "RSA");
    assert_eq!(
        client.get("/api/v1/schema").await.header("content-type"),
        "application/schema+json"
    );
    assert_eq!(client.get("/ca.pem").await.problem(), "404 not-found");
    let forged =
        client.send("POST", "/api/v1/callbacks/AAAA", &[], r#"{"STATUS":"SUCCESS"}"#).await;
    assert_eq!(forged.problem(), "404 not-found");
}

#[tokio::test]
async fn every_route_answers_below_the_base_path_too() {
    let app = TestApp::new().await;
    let ca = Some("-----BEGIN CERTIFICATE-----\n".to_owned());
    let settings = WebSettings::new("https://gateway.example/bank/dayend", ca).unwrap();
    let router = dayend_web::server::router(App::new(Arc::clone(&app.service), settings));
    let client = Client { router, token: Client::of(&app).await.token };
    app.apply(CHAIN).await;
    for prefix in ["", "/bank/dayend"] {
        assert_eq!(client.get(&format!("{prefix}/health")).await.status, 200);
        assert_eq!(
            client.get(&format!("{prefix}/ca.pem")).await.header("content-type"),
            "application/x-pem-file"
        );
        assert_eq!(client.get(&format!("{prefix}/api/v1/runs")).await.status, 200);
        let external =
            client.post(&format!("{prefix}/rest-api/v1/external/status"), json!({})).await;
        assert!(external.json().get("statusCode").is_some(), "{}", external.body);
    }
    assert_eq!(client.get("/bank/dayend/nothing").await.problem(), "404 not-found");
    assert_eq!(client.get("/bank/health").await.problem(), "404 not-found");
    let started =
        client.post("/bank/dayend/api/v1/runs", json!({ "code": "CHAIN", "kind": "Batch" })).await;
    assert!(
        started
            .header("location")
            .starts_with("https://gateway.example/bank/dayend/api/v1/runs/CHAIN_"),
        "{}",
        started.body
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_used_many_times_at_once_ends_its_family_and_nothing_else() {
    let app = TestApp::new().await;
    let client = Client { router: app.router(), token: None };
    let form = format!("{}+offline_access", password_form(&app));
    let issued = client.token(&basic(&app), &form).await;
    let refresh = issued.json()["refresh_token"].as_str().expect(&issued.body).to_owned();
    let form = format!("grant_type=refresh_token&refresh_token={refresh}");
    let authorization = basic(&app);
    let uses = (0..20).map(|_| client.token(&authorization, &form));
    let replies = futures_util::future::join_all(uses).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 200).count() <= 1, "{statuses:?}");
    let later = client.token(&basic(&app), &password_form(&app)).await;
    assert_eq!(later.status, 200, "the server goes on: {}", later.body);
}
