//! A server of the measured binary, on a data directory that is thrown away.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server that answers; killed in the end.
#[derive(Debug)]
pub(crate) struct Server {
    binary: PathBuf,
    place: TempDir,
    child: Child,
    pub(crate) base_url: String,
    profile: Value,
}

impl Server {
    /// Makes a data directory and serves it on a free port.
    pub(crate) fn start(binary: &Path) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let data = place.path().join("data");
        let init = Command::new(binary)
            .args(["init", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .output()?;
        ensure!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let profile = serde_json::from_slice(&init.stdout)?;
        let mut serve = Command::new(binary);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        // What is logged belongs to what is measured; nobody has to read it.
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut ready = String::new();
        let stdout = child.stdout.take().context("the server has a standard output")?;
        BufReader::new(stdout).read_line(&mut ready)?;
        let base_url = ready
            .trim_end()
            .strip_prefix("dayend is ready at ")
            .with_context(|| format!("the server said: {ready}"))?
            .to_owned();
        Ok(Self { binary: binary.to_owned(), place, child, base_url, profile })
    }

    /// Stores definitions.
    pub(crate) fn apply(&self, definitions: &str) -> Result<()> {
        let file = self.place.path().join("definitions.yaml");
        fs::write(&file, definitions)?;
        let output = Command::new(&self.binary)
            .arg("--profile")
            .arg(self.place.path().join("data/profile.json"))
            .args(["--server", &self.base_url, "apply"])
            .arg(&file)
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
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
