//! A server of the measured binary, on a data directory that is thrown away.

use crate::cluster::Cluster;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server that answers; killed in the end.
#[derive(Debug)]
pub(crate) struct Server {
    binary: PathBuf,
    place: TempDir,
    serve: Vec<String>,
    child: Child,
    pub(crate) base_url: String,
    profile: Value,
}

impl Server {
    /// Makes a data directory and serves it on a free port; `more` is put behind `serve`.
    pub(crate) fn start(binary: &Path, cluster: Option<&Cluster>, more: &[&str]) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let data = place.path().join("data");
        let mut init = Command::new(binary);
        init.args(["init", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        if let Some(cluster) = cluster {
            let password = place.path().join("password");
            fs::write(&password, cluster.password())?;
            fs::set_permissions(&password, fs::Permissions::from_mode(0o600))?;
            init.args(["--database", &cluster.url(), "--database-password-file"]).arg(password);
        }
        let init = init.output()?;
        ensure!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let profile = serde_json::from_slice(&init.stdout)?;
        let mut serve: Vec<String> = vec!["serve".into(), "--listen".into(), "127.0.0.1:0".into()];
        serve.extend(["--data".into(), data.display().to_string()]);
        serve.extend(more.iter().map(|word| (*word).to_owned()));
        let (child, base_url) = ready(binary, &serve)?;
        Ok(Self { binary: binary.to_owned(), place, serve, child, base_url, profile })
    }

    /// Stores definitions.
    pub(crate) fn apply(&self, definitions: &str) -> Result<()> {
        let file = self.place.path().join("definitions.yaml");
        fs::write(&file, definitions)?;
        let output = Command::new(&self.binary)
            .arg("--profile")
            .arg(self.data().join("profile.json"))
            .args(["--server", &self.base_url, "apply"])
            .arg(&file)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "apply: {}", said.trim_end());
        Ok(())
    }

    /// Starts the next process; the one before has ended.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        (self.child, self.base_url) = ready(&self.binary, &self.serve)?;
        Ok(())
    }

    /// Ends the process with SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// A text of the profile that `init` printed.
    pub(crate) fn profile(&self, key: &str) -> Result<&str> {
        self.profile.get(key).and_then(Value::as_str).with_context(|| format!("no `{key}`"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits until it says where it is ready.
fn ready(binary: &Path, serve: &[String]) -> Result<(Child, String)> {
    let mut command = Command::new(binary);
    // What is logged belongs to what is measured; nobody has to read it.
    let mut child = command.args(serve).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut said = String::new();
    let stdout = child.stdout.take().context("the server has a standard output")?;
    BufReader::new(stdout).read_line(&mut said)?;
    let base_url = said
        .trim_end()
        .strip_prefix("dayend is ready at ")
        .with_context(|| format!("the server said: {said}"))?
        .to_owned();
    Ok((child, base_url))
}
