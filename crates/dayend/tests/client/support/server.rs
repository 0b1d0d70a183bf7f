//! A server process, killed when the test is over.

use super::command::{Output, command, dayend};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// A server on a free port, with the data directory that `init` made.
#[derive(Debug)]
pub(crate) struct Server {
    home: TempDir,
    child: Child,
    url: String,
}

impl Server {
    /// Makes a data directory and serves it.
    pub(crate) fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        let init = dayend(home.path(), &["init", "--data", data.to_str().unwrap(), "--json"]);
        assert_eq!(init.code, 0, "{}", init.stderr);
        let (child, url) = serve(home.path(), &data);
        Self { home, child, url }
    }

    /// Runs a client command against this server.
    pub(crate) fn dayend(&self, arguments: &[&str]) -> Output {
        let profile = self.data().join("profile.json");
        let mut all = vec!["--profile", profile.to_str().unwrap(), "--server", &self.url];
        all.extend(arguments);
        dayend(self.home.path(), &all)
    }

    /// The base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The file of the authority that issued the server's certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.data().join("tls/ca.pem")
    }

    /// A value of the profile that `init` wrote.
    pub(crate) fn secret(&self, key: &str) -> String {
        let text = std::fs::read_to_string(self.data().join("profile.json")).unwrap();
        let profile: serde_json::Value = serde_json::from_str(&text).unwrap();
        profile[key].as_str().unwrap().to_owned()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The directory that commands work in.
    pub(crate) fn work(&self) -> PathBuf {
        self.data().join("work")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(home: &Path, data: &Path) -> (Child, String) {
    let mut child = command(home)
        .args(["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let url = ready.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "the server said: {ready}");
    (child, url)
}
