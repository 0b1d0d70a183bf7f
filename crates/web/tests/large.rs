//! Definitions too large to be held: a real service behind the real router, and what they cost.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dayend_testkit::app::{TestApp, USER};
use dayend_web::app::{App, WebSettings};
use futures_util::stream;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use tower::ServiceExt as _;

/// Tasks of the usual run; `DAYEND_LARGE_TASKS` says another number, up to a million.
const TASKS: u32 = 10_000;
/// What a task may cost while it is taken, read, checked and stored, and what everything else may cost.
const TASK_MAX_BYTES: u64 = 300;
const REST_MAX_BYTES: u64 = 64 << 20;
/// Tasks of a layer, each of which comes after two of the layer before.
const LAYER: u32 = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_too_large_to_be_held_is_stored_in_little_memory() {
    let tasks = std::env::var("DAYEND_LARGE_TASKS").map_or(TASKS, |count| count.parse().unwrap());
    let app = TestApp::new().await;
    let spool = tempfile::tempdir().unwrap();
    let mut settings = WebSettings::clone(&app.app.settings);
    settings.spool_dir = spool.path().to_owned();
    let web = App::new(Arc::clone(&app.app.service), settings);
    let router = dayend_web::server::router(web);
    let token = token(&app, &router).await;
    let send = |method: &str, uri: &str, body: Body| {
        let request = Request::builder().method(method).uri(uri);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        answered(router.clone(), request.body(body).unwrap())
    };

    let before = peak_bytes();
    let pieces = (0..=tasks).step_by(100).map(move |from| piece(from, tasks));
    let body = Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)));
    let (status, answer) = send("POST", "/api/v1/definitions", body).await;
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer.pointer("/changes/0/toVersion"), Some(&Value::from(1)), "{answer}");
    let grown = peak_bytes().saturating_sub(before);
    let most = REST_MAX_BYTES + TASK_MAX_BYTES * u64::from(tasks);
    assert!(grown <= most, "{grown} bytes more, at most {most} are allowed");
    assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0, "something was left behind");

    let (_, export) = send("GET", "/api/v1/definitions?code=LARGE", Body::empty()).await;
    let first = "  - code: T1000\n    noop: {}\n    after: [T0, T1]\n";
    assert!(tasks < 1001 || export.contains(first), "the tasks are not as they were written");
    assert_eq!(export.matches("noop: {}").count(), usize::try_from(tasks).unwrap());
}

#[tokio::test]
async fn a_defect_in_a_spooled_file_is_named_with_its_place() {
    let app = TestApp::new().await;
    let token = token(&app, &app.router()).await;
    let mut text = "apiVersion: dayend/v1\nkind: Batch\ncode: LARGE\ntasks:\n".to_owned();
    (0..8000).for_each(|task| writeln!(text, "  - {{ code: T{task}, noop: {{}} }}").unwrap());
    text.push_str("  - { code: LAST, noop: {}, after: [NOWHERE] }\n");
    let body = serde_json::json!({ "files": [{ "name": "large.yaml", "text": text }] });
    let request = Request::post("/api/v1/definitions")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    let (status, answer) = answered(app.router(), request.unwrap()).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer.contains("\"line\":8005"), "{answer}");
    assert!(answer.contains("`NOWHERE` is not in `tasks`"), "{answer}");
}

/// A hundred tasks of the body of an `apply`, with what stands before the first and behind the last one.
fn piece(from: u32, tasks: u32) -> String {
    let mut text = String::new();
    if from == 0 {
        text.push_str(r#"{"files":[{"name":"large.yaml","text":"apiVersion: dayend/v1\nkind: Batch\ncode: LARGE\ntasks:\n"#);
    }
    for task in from..tasks.min(from + 100) {
        write!(text, r"  - code: T{task}\n    noop: {{}}\n").unwrap();
        if let Some(before) = task.checked_sub(LAYER) {
            write!(
                text,
                r"    after: [T{before}, T{}]\n",
                before / LAYER * LAYER + (before + 1) % LAYER
            )
            .unwrap();
        }
    }
    if from + 100 > tasks {
        text.push_str("\"}]}");
    }
    text
}

/// The most memory that this process ever had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
    kib * 1024
}

async fn token(app: &TestApp, router: &axum::Router) -> String {
    let pair = format!("{}:{}", app.client_id, app.client_secret.expose_secret());
    let password = app.password.expose_secret().replace(' ', "+");
    let form = format!(
        "grant_type=password&username={USER}&password={password}&scope=urn:opc:idm:__myscopes__"
    );
    let request = Request::post("/oauth2/v1/token")
        .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(pair)))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form));
    let (_, answer) = answered(router.clone(), request.unwrap()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer.get("access_token").and_then(Value::as_str).unwrap().to_owned()
}

async fn answered(router: axum::Router, request: Request<Body>) -> (u16, String) {
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
