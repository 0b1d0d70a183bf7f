//! The witness file: one line for each start of a command task, so that anyone can check that none ran twice.

use super::files::Night;
use anyhow::{Context as _, Result};
use std::fs::OpenOptions;
use std::io::Write as _;

/// Appends `WITNESS <run> <task> <attempt> <fence>`; silent when no server started this program.
pub(super) fn sign(night: &Night) -> Result<()> {
    let told =
        ["DAYEND_RUN_ID", "DAYEND_TASK", "DAYEND_ATTEMPT", "DAYEND_FENCE"].map(std::env::var);
    let [Ok(run), Ok(task), Ok(attempt), Ok(fence)] = told else {
        return Ok(());
    };
    let path = night.shared().join("witness.log");
    let line = format!("WITNESS {run} {task} {attempt} {fence}\n");
    let appended = || -> std::io::Result<()> {
        std::fs::create_dir_all(night.shared())?;
        // One write in append mode: lines of tasks that start together never mix.
        OpenOptions::new().create(true).append(true).open(&path)?.write_all(line.as_bytes())
    };
    appended().with_context(|| format!("{} could not be written", path.display()))
}
