//! A headless Chromium, driven over its debugging pipe: what people's browsers do with our pages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a page may take to become what a test waits for, on a machine with much else to do.
const WITHIN: Duration = Duration::from_mins(1);
/// The browser waits this long between two looks at a page.
const LOOK_EVERY_MS: u32 = 50;
/// The pipe has to be at file descriptors 3 and 4; the shell puts it there.
const START: &str = "exec chromium --remote-debugging-pipe --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --no-first-run --no-default-browser-check --disable-background-networking --disable-component-update \
    --user-data-dir=\"$0\" \"$@\" about:blank 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null";

/// A browser with a fresh profile; it ends with the test.
#[derive(Debug)]
pub struct Chromium {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last_id: u64,
    /// The tabs whose page has loaded, since somebody waited for one.
    loaded: Vec<Tab>,
    _profile: TempDir,
}

/// A tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    session: String,
}

impl Chromium {
    /// Starts a browser that takes any certificate, with further switches.
    pub fn start(switches: &[&str]) -> Self {
        let profile = tempfile::tempdir().expect("the system has a place for temporary files");
        let mut child = Command::new("/bin/sh")
            .args(["-c", START])
            .arg(profile.path())
            .arg("--ignore-certificate-errors")
            .args(switches)
            .env("HOME", profile.path())
            // It starts helpers; they all end together.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, input, output, last_id: 0, loaded: Vec::new(), _profile: profile }
    }

    /// Opens a page in a new tab; it may still be loading.
    pub fn open(&mut self, url: &str) -> Tab {
        let tab = self.tab();
        self.call(Some(&tab), "Page.navigate", &json!({ "url": url }));
        tab
    }

    /// A new tab, with an empty page.
    pub fn tab(&mut self) -> Tab {
        let made = self.call(None, "Target.createTarget", &json!({ "url": "about:blank" }));
        let target = json!({ "targetId": made.get("targetId"), "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", &target);
        let session = attached.get("sessionId").and_then(Value::as_str);
        let tab = Tab { session: session.expect("the browser attaches to its tab").to_owned() };
        self.call(Some(&tab), "Page.enable", &json!({}));
        tab
    }

    /// The tab's pages run no scripts from now on.
    pub fn without_scripts(&mut self, tab: &Tab) {
        self.call(Some(tab), "Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    }

    /// Goes to an address; the page that is there in the end has loaded when this returns.
    pub fn visit(&mut self, tab: &Tab, url: &str) {
        self.loading(tab, |browser| {
            browser.call(Some(tab), "Page.navigate", &json!({ "url": url }));
        });
    }

    /// Clicks on what leads to another page, which has loaded when this returns.
    pub fn follow(&mut self, tab: &Tab, selector: &str) {
        self.loading(tab, |browser| {
            browser.element(tab, selector, "click()");
        });
    }

    /// Types a text into a field, instead of what is there.
    pub fn fill(&mut self, tab: &Tab, selector: &str, text: &str) {
        self.element(tab, selector, "focus()");
        self.element(tab, selector, "select()");
        self.call(Some(tab), "Input.insertText", &json!({ "text": text }));
    }

    /// What a person reads in an element.
    pub fn text(&mut self, tab: &Tab, selector: &str) -> String {
        let text = self.element(tab, selector, "innerText");
        text.as_str().expect("an element has a text").to_owned()
    }

    /// Where the tab is.
    pub fn url(&mut self, tab: &Tab) -> String {
        let url = self.evaluate(tab, "location.href").expect("a page has an address");
        url.as_str().expect("an address is a text").to_owned()
    }

    /// A picture of the page, as PNG.
    pub fn picture(&mut self, tab: &Tab) -> Vec<u8> {
        let picture = self.call(Some(tab), "Page.captureScreenshot", &json!({}));
        let data = picture.get("data").and_then(Value::as_str).expect("the browser takes pictures");
        BASE64_STANDARD.decode(data).expect("pictures come in base64")
    }

    /// The value of an expression in the tab's page; a promise is waited for. None if the page went away meanwhile.
    pub fn evaluate(&mut self, tab: &Tab, expression: &str) -> Option<Value> {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call(Some(tab), "Runtime.evaluate", &parameters);
        let is_value = answer.get("exceptionDetails").is_none();
        is_value.then(|| answer.pointer("/result/value").cloned()).flatten()
    }

    /// Waits until an expression is true in the tab's page, whichever page that is by then; returns its value.
    pub fn wait_for(&mut self, tab: &Tab, expression: &str) -> Value {
        let give_up = Instant::now() + WITHIN;
        let look = format!(
            "new Promise(done => setTimeout(() => {{ try {{ done({expression}) }} catch (_) {{ done(null) }} }}, {LOOK_EVERY_MS}))"
        );
        loop {
            let value = self.evaluate(tab, &look);
            let is_true = |value: &Value| {
                !matches!(value, Value::Null | Value::Bool(false)) && *value != "" && *value != 0
            };
            if let Some(value) = value.filter(is_true) {
                return value;
            }
            if Instant::now() >= give_up {
                let page = self.evaluate(tab, "location.href + ': ' + document.body.innerText");
                assert!(page.is_none(), "`{expression}` did not come true on {page:?}");
            }
        }
    }

    /// A property of an element, or what one of its methods returns.
    fn element(&mut self, tab: &Tab, selector: &str, what: &str) -> Value {
        let expression = format!("document.querySelector({}).{what}", json!(selector));
        let value = self.evaluate(tab, &format!("{expression} ?? null"));
        assert!(value.is_some(), "`{expression}` fails on {}", self.url(tab));
        value.unwrap_or_default()
    }

    /// Does what loads a page, and waits until it is there.
    fn loading(&mut self, tab: &Tab, begin: impl FnOnce(&mut Self)) {
        self.loaded.clear();
        begin(self);
        while !self.loaded.contains(tab) {
            self.hear();
        }
    }

    fn call(&mut self, tab: Option<&Tab>, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let (Some(Tab { session }), Some(map)) = (tab, message.as_object_mut()) {
            map.insert("sessionId".to_owned(), session.as_str().into());
        }
        let sent = write!(self.input, "{message}\0").and_then(|()| self.input.flush());
        sent.expect("the browser takes commands: is Chromium installed?");
        loop {
            let message = self.hear();
            // Events and the answers to earlier questions are not for us.
            if message.get("id").and_then(Value::as_u64) == Some(self.last_id) {
                return message.get("result").cloned().unwrap_or_default();
            }
        }
    }

    /// The next thing that the browser says.
    fn hear(&mut self) -> Value {
        let mut heard = Vec::new();
        self.output.read_until(0, &mut heard).expect("the browser answers");
        heard.pop();
        assert!(!heard.is_empty(), "the browser is gone: is Chromium installed?");
        let message: Value = serde_json::from_slice(&heard).expect("the browser speaks JSON");
        if message.get("method").and_then(Value::as_str) == Some("Page.loadEventFired")
            && let Some(session) = message.get("sessionId").and_then(Value::as_str)
        {
            self.loaded.push(Tab { session: session.to_owned() });
        }
        message
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It may have ended already. Killed alone it would leave its helpers behind.
        let group = self.child.id().to_string();
        let _ = Command::new("/bin/sh").args(["-c", "kill -KILL -$0", &group]).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
