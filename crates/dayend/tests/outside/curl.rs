//! `curl`, run by a shell as a person would.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// What `curl -i` printed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The body, with its keys in the order they came in.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A text of the body.
    pub(crate) fn text(&self, key: &str) -> String {
        let body = self.json();
        body[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {body}")).to_owned()
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Runs a command line that has `curl -i` in it; there must be an answer.
pub(crate) fn curl(command: &str) -> Answer {
    answer(&shell(command))
}

/// The same, or nothing if there was no whole answer.
pub(crate) fn try_curl(command: &str) -> Option<Answer> {
    let output = sh(command);
    output.status.success().then(|| answer(&String::from_utf8(output.stdout).unwrap()))
}

/// Runs a command line with `sh`; it must succeed.
pub(crate) fn shell(command: &str) -> String {
    let output = sh(command);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{}: {complaints}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn sh(command: &str) -> Output {
    let mut sh = Command::new("/bin/sh");
    sh.args(["-eu", "-c", command]).env_clear().stdin(Stdio::null());
    sh.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().unwrap()
}

fn answer(printed: &str) -> Answer {
    let (mut head, mut rest) = printed.split_once("\r\n\r\n").unwrap_or((printed, ""));
    while head.split(' ').nth(1).is_some_and(|status| status.starts_with('1')) {
        (head, rest) = rest.split_once("\r\n\r\n").unwrap();
    }
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default();
    let header =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    Answer {
        status: status.parse().unwrap_or_else(|_| panic!("no status in {printed}")),
        headers: lines.filter_map(header).collect(),
        body: rest.to_owned(),
    }
}
