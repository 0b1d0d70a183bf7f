//! Chromium, as `ChromeDriver` lets a program use it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What `WebDriver` calls an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// A browser on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_mins(2);

/// A browser with an empty profile; gone in the end.
pub(crate) struct Chromium {
    driver: Child,
    client: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts a browser that accepts the test server's certificate, with or without JavaScript on pages.
    pub(crate) async fn start(javascript: bool) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ready = lines.find(|line| line.contains("started successfully on port")).unwrap();
        let port: u16 = ready.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=900,760",
        ];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let mut options = json!({ "args": arguments });
        if !javascript {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = json!({ "acceptInsecureCerts": true, "goog:chromeOptions": options });
        let mut browser = Self {
            driver,
            client: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let begun = browser.call("", json!({ "capabilities": { "alwaysMatch": wanted } })).await;
        let id = begun["sessionId"].as_str().unwrap().to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    pub(crate) async fn open(&self, url: &str) {
        self.call("/url", json!({ "url": url })).await;
    }

    pub(crate) async fn url(&self) -> String {
        self.get("/url").await.as_str().unwrap().to_owned()
    }

    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.call(&format!("/element/{element}/clear"), json!({})).await;
        self.call(&format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.call(&format!("/element/{element}/click"), json!({})).await;
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        let element = self.element(selector).await;
        self.get(&format!("/element/{element}/text")).await.as_str().unwrap().to_owned()
    }

    /// Runs a script whose last argument is called with the result.
    pub(crate) async fn run(&self, script: &str, arguments: Value) -> Value {
        self.call("/execute/async", json!({ "script": script, "args": arguments })).await
    }

    /// Keeps a picture of the page under `target/`, to be looked at.
    pub(crate) async fn picture(&self, name: &str) {
        let picture = self.get("/screenshot").await;
        let bytes = BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap();
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pictures");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}.png")), bytes).unwrap();
    }

    async fn element(&self, selector: &str) -> String {
        let found =
            self.call("/element", json!({ "using": "css selector", "value": selector })).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    async fn call(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.session)).json(&body);
        value(path, request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.session));
        value(path, request.send().await.unwrap()).await
    }
}

async fn value(path: &str, answer: reqwest::Response) -> Value {
    let status = answer.status();
    let mut body: Value = answer.json().await.unwrap();
    assert!(status.is_success(), "{path}: {}", body["value"]);
    body["value"].take()
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // ChromeDriver ends its browser when the session ends.
        let rest = self.session.trim_start_matches("http://");
        if let Some((address, path)) = rest.split_once('/')
            && let Ok(mut stream) = TcpStream::connect(address)
        {
            let _ = write!(
                stream,
                "DELETE /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
            );
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
