//! One command of the binary, from start to end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The last line of stdout.
    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    /// The run id in the last line.
    pub(crate) fn run(&self) -> &str {
        self.last_line().strip_prefix("run=").unwrap().split(' ').next().unwrap()
    }
}

/// A command without anything of the caller's environment but `PATH`.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dayend"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home).env("TMPDIR", home).env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn dayend(home: &Path, arguments: &[&str]) -> Output {
    let output = command(home).args(arguments).output().unwrap();
    Output {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What an access token says.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    let payload = URL_SAFE_NO_PAD.decode(token.trim().split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
