//! A person who logs in at the command line, and the home directory where the log-in is kept.

use super::command::{Output, command, dayend};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Stdio};
use tempfile::TempDir;

/// Somebody without any secret on disk.
#[derive(Debug)]
pub(crate) struct Person {
    home: TempDir,
    profile: PathBuf,
}

/// A `dayend login` that waits for the browser.
#[derive(Debug)]
pub(crate) struct LoggingIn {
    child: Child,
    stderr: BufReader<ChildStderr>,
    heard: String,
    /// The page that it wants opened.
    pub(crate) page: reqwest::Url,
}

impl Person {
    /// Somebody whose profile holds only the server's address, and the file of its authority if there is one.
    pub(crate) fn with_address(base_url: &str, ca_file: Option<&Path>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let profile = home.path().join("profile.json");
        let mut object = serde_json::json!({ "base_url": base_url });
        if let Some(file) = ca_file {
            object["ca_file"] = file.to_str().unwrap().into();
        }
        fs::write(&profile, object.to_string()).unwrap();
        Self { home, profile }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts a command without the patience that the others have.
    pub(crate) fn start_plainly(&self, arguments: &[&str]) -> Child {
        let mut command = command(self.home.path());
        command.arg("--profile").arg(&self.profile).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--profile", self.profile.to_str().unwrap(), "--retry-for", "20s"];
        all.extend(arguments);
        all
    }

    /// Runs a command to its end.
    pub(crate) fn dayend(&self, arguments: &[&str]) -> Output {
        dayend(self.home.path(), &self.arguments(arguments))
    }

    /// Starts a command in a process group of its own.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = command(self.home.path());
        command.args(self.arguments(arguments)).process_group(0);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts `dayend login --no-browser` and reads where to go.
    pub(crate) fn begin(&self, more: &[&str]) -> LoggingIn {
        self.begin_with(&[&["login", "--no-browser"], more].concat(), "  ")
    }

    /// Starts `dayend login --device` and reads where to go with the code.
    pub(crate) fn begin_on_a_device(&self) -> LoggingIn {
        self.begin_with(&["login", "--device"], "or open ")
    }

    /// Starts a command and reads the address that stands behind `mark` at the beginning of a line.
    fn begin_with(&self, arguments: &[&str], mark: &str) -> LoggingIn {
        let mut child = self.start(arguments);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut heard = String::new();
        let page = loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended without a page: {heard}");
            heard.push_str(&line);
            if let Some(page) = line.strip_prefix(mark) {
                break page.trim().parse().unwrap();
            }
        };
        LoggingIn { child, stderr, heard, page }
    }

    /// The file in which the log-in is kept.
    pub(crate) fn kept(&self) -> Option<PathBuf> {
        let place = self.home.path().join(".local/state/dayend/logins");
        let entries = fs::read_dir(place).ok()?;
        let mut files = entries.map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|end| end == "json"))
    }

    /// What is kept.
    pub(crate) fn kept_text(&self) -> String {
        fs::read_to_string(self.kept().unwrap()).unwrap()
    }

    /// Makes the kept access token one that must be renewed before it is used.
    pub(crate) fn let_the_access_token_end(&self) {
        let mut kept: serde_json::Value = serde_json::from_str(&self.kept_text()).unwrap();
        kept["renew_from"] = 0.into();
        fs::write(self.kept().unwrap(), kept.to_string()).unwrap();
    }
}

impl LoggingIn {
    /// A parameter of the page's address.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let mut values = self.page.query_pairs().filter(|(key, _)| key == name);
        values.next().unwrap().1.into_owned()
    }

    /// Goes to the redirect address with these parameters; returns the status and the page.
    pub(crate) async fn come_back(&self, parameters: &[(&str, &str)]) -> (u16, String) {
        let mut url: reqwest::Url = self.parameter("redirect_uri").parse().unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        let answer = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send();
        let answer = answer.await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits for the command's end.
    pub(crate) fn end(mut self) -> Output {
        let code = self.child.wait().unwrap().code().unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut self.heard).unwrap();
        Output { code, stdout, stderr: self.heard }
    }
}
