//! The real program, its data directories, and what it said.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A user that owns nothing; tests that run as root use it where root would be allowed too much.
const NOBODY: u32 = 65_534;

/// A place for one data directory.
pub(crate) struct Home {
    keep: TempDir,
}

/// What a finished command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A server that answers requests; killed if it is still there in the end.
pub(crate) struct Server {
    child: Child,
    pub(crate) base_url: String,
    pub(crate) ready_line: String,
}

/// Fails unless one of some tries, which say how long they took, took no longer than `within`. A delay of the program's own
/// making is in each of them; what a busy machine adds now and then is not.
pub(crate) fn takes_at_most(within: Duration, mut attempt: impl FnMut() -> Duration) {
    const TRIES: usize = 5;
    let mut quickest = Duration::MAX;
    for _ in 0..TRIES {
        quickest = quickest.min(attempt());
        if quickest <= within {
            return;
        }
    }
    panic!("the quickest of {TRIES} tries took {quickest:?}, not {within:?}");
}

/// The program with an environment that holds nothing of ours.
pub(crate) fn dayend(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dayend"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Said {
    said(dayend(arguments).output().unwrap())
}

/// Runs the program to its end with these variables in its environment.
pub(crate) fn run_with(variables: &[(&str, &str)], arguments: &[&str]) -> Said {
    said(dayend(arguments).envs(variables.iter().copied()).output().unwrap())
}

/// Runs the program to its end with a text on its standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &str) -> Said {
    let mut command = dayend(arguments);
    let spawned =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said(child.wait_with_output().unwrap())
}

/// Runs the program as a user for whom permissions count.
pub(crate) fn run_unprivileged(arguments: &[&str]) -> Said {
    let mut command = dayend(arguments);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    said(command.output().unwrap())
}

/// Everything below a directory.
pub(crate) fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Said {
    /// The one line on stderr of a command that failed with this code.
    pub(crate) fn failed_with(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        let line = self.stderr.strip_suffix('\n').unwrap();
        assert!(line.starts_with("dayend: ") && !line.contains('\n'), "not one sentence: {line}");
        line
    }

    /// What a command that did its work printed.
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        &self.stdout
    }
}

impl Home {
    /// A place with no data directory in it yet.
    pub(crate) fn empty() -> Self {
        Self { keep: tempfile::tempdir().unwrap() }
    }

    /// Gives the data directory to the user of [`run_unprivileged`].
    pub(crate) fn give_away(&self) {
        if rustix::process::geteuid().is_root() {
            let give =
                |path: &Path| std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            for path in walk(&self.data()) {
                give(&path);
            }
            give(&self.data());
            fs::set_permissions(self.keep.path(), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// A place with a fresh data directory.
    pub(crate) fn initialised() -> Self {
        let home = Self::empty();
        run(&["init", "--data", home.text(), "--listen", "127.0.0.1:0"]).ok();
        home
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.keep.path().join("data")
    }

    /// The data directory as an argument.
    pub(crate) fn text(&self) -> &'static str {
        self.data().to_str().unwrap().to_owned().leak()
    }

    pub(crate) fn profile(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.data().join("profile.json")).unwrap())
            .unwrap()
    }

    /// A value of the profile.
    pub(crate) fn get(&self, key: &str) -> String {
        self.profile()[key].as_str().unwrap().to_owned()
    }

    /// Starts a server and waits until it says that it is ready.
    pub(crate) fn serve(&self, more: &[&str]) -> Server {
        self.serve_with(more, &[], Stdio::null())
    }

    /// The same with an environment, and a place for its log.
    pub(crate) fn serve_with(
        &self,
        more: &[&str],
        variables: &[(&str, &str)],
        log: impl Into<Stdio>,
    ) -> Server {
        let mut arguments = vec!["serve", "--data", self.text()];
        arguments.extend(more);
        let mut serve = dayend(&arguments);
        serve.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(log);
        let mut child = serve.spawn().unwrap();
        let mut ready_line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready_line).unwrap();
        let ready_line = ready_line.trim_end().to_owned();
        let base_url =
            ready_line.strip_prefix("dayend is ready at ").unwrap_or_default().to_owned();
        Server { child, base_url, ready_line }
    }

    /// A client that trusts the data directory's certificate authority and nothing else.
    pub(crate) fn client(&self) -> reqwest::Client {
        let pem = fs::read(self.get("ca_file")).unwrap();
        let authority = reqwest::Certificate::from_pem(&pem).unwrap();
        let builder =
            reqwest::Client::builder().tls_certs_only([authority]).timeout(Duration::from_mins(1));
        builder.build().unwrap()
    }
}

impl Home {
    /// The status of a log-in with a user's password over the first app.
    pub(crate) async fn log_in(&self, user: &str, password: &str) -> u16 {
        let server = self.serve(&[]);
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let request =
            self.client().post(format!("{}/oauth2/v1/token", server.base_url)).form(&form);
        let request = request.basic_auth(self.get("client_id"), Some(self.get("client_secret")));
        request.send().await.unwrap().status().as_u16()
    }
}

impl Server {
    pub(crate) fn port(&self) -> u16 {
        self.base_url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn terminate(mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
