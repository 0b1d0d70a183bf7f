//! The samples of the manual page on the external interface, run as a reader would run them.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use dayend_engine::codes::RunId;
use dayend_testkit::app::{TENANT, TestApp, USER};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::process::Stdio;
use tokio::net::TcpListener;
use tokio::process::Command;

/// Stands between the outputs of two samples.
const SEPARATOR: &str = "\u{1e}";

#[tokio::test]
async fn every_sample_of_the_manual_prints_what_the_manual_says() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/interface.md"))
            .unwrap();
    let blocks = blocks(&page);
    let app = TestApp::new().await;
    for (_, yaml) in blocks.iter().filter(|(language, _)| language == "yaml") {
        app.apply(yaml).await;
    }
    let samples = samples(&blocks);
    assert!(
        samples.iter().filter(|(_, want)| want.is_some()).count() > 10,
        "the page has lost its samples"
    );

    let scratch = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server =
        tokio::spawn(std::future::IntoFuture::into_future(axum::serve(listener, app.router())));
    let script: Vec<String> =
        samples.iter().map(|(sample, _)| format!("{sample}\nprintf '{SEPARATOR}'\n")).collect();
    let output = Command::new("sh")
        .args(["-eu", "-c", &script.concat()])
        .env("BASE", &base)
        .env("CA", "/dev/null")
        .env("TENANT", TENANT)
        .env("SERVICE", "OFS")
        .env("WORKSPACE", "WS001")
        .env("REMOTE_USER", USER)
        .env("TOKEN", token(&app, &base).await)
        .env("TMPDIR", scratch.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("sh is there");
    server.abort();
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<&str> = printed.split_terminator(SEPARATOR).collect();
    let complaints = String::from_utf8_lossy(&output.stderr);
    for ((sample, want), got) in samples.iter().zip(&printed) {
        let Some(want) = want else { continue };
        assert_eq!(comparable(got), comparable(want), "{sample}\n{complaints}");
    }
    assert_eq!(printed.len(), samples.len(), "a sample stopped the script: {complaints}");
    assert!(output.status.success(), "{complaints}");
}

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(language) => {
                inside = true;
                blocks.push((language.to_owned(), String::new()));
            }
            None if inside => {
                let (_, text) = blocks.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// Every shell block, with the block of output that follows it at once.
fn samples(blocks: &[(String, String)]) -> Vec<(&str, Option<&str>)> {
    let mut samples: Vec<(&str, Option<&str>)> = Vec::new();
    for (at, (_, text)) in blocks.iter().enumerate().filter(|(_, (language, _))| language == "sh") {
        let next =
            blocks.get(at + 1).filter(|(language, _)| matches!(language.as_str(), "json" | "text"));
        samples.push((text, next.map(|(_, text)| text.as_str())));
    }
    samples
}

/// A text without what differs from run to run: JSON in one form (keys in their order), run ids without their instant.
fn comparable(text: &str) -> String {
    let text = serde_json::from_str::<Value>(text)
        .map_or_else(|_| text.trim().to_owned(), |value| value.to_string());
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    text.split_inclusive(|letter: char| !is_word(letter))
        .map(|piece| {
            let word = piece.trim_end_matches(|letter: char| !is_word(letter));
            match word.parse::<RunId>() {
                Ok(run) => piece.replace(word, &format!("<run of {}>", run.code())),
                Err(_) => piece.to_owned(),
            }
        })
        .collect()
}

async fn token(app: &TestApp, base: &str) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--data-urlencode", "grant_type=password"])
        .args(["--data-urlencode", &format!("client_id={}", app.client_id)])
        .args(["--data-urlencode", &format!("client_secret={}", app.client_secret.expose_secret())])
        .args(["--data-urlencode", &format!("username={USER}")])
        .args(["--data-urlencode", &format!("password={}", app.password.expose_secret())])
        .args([
            "--data-urlencode",
            "scope=urn:opc:idm:__myscopes__",
            &format!("{base}/oauth2/v1/token"),
        ])
        .output()
        .await
        .expect("curl is there");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    answer.get("access_token").and_then(Value::as_str).expect("a token is issued").to_owned()
}
