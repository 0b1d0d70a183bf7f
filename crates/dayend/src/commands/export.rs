//! `dayend export`: definitions as one YAML text.

use super::session::{Session, report};
use crate::client::{Failure, print};
use clap::Args;
use dayend_engine::codes::Code;
use dayend_wire::exit::ExitCode;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Prints definitions as YAML that `apply` takes back
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Codes of batches, groups and connections [default: all]
    codes: Vec<Code>,
    /// Writes to a file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ExportArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        report(self.export(session).await, session.json)
    }

    async fn export(&self, session: &Session) -> Result<(), Failure> {
        let codes: Vec<String> = self.codes.iter().map(ToString::to_string).collect();
        let text = session.connection.export(&codes).await?;
        match &self.output {
            Some(path) => write(path, &text)?,
            None if session.json => {}
            None => print(&text),
        }
        if session.json {
            let text = self.output.is_none().then_some(text);
            print(&format!("{}\n", json!({ "definitions": text, "file": self.output })));
        }
        Ok(())
    }
}

/// Whole or not at all: a full disk must not leave half of the definitions.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || -> std::io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(directory)?;
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(path)?;
        Ok(())
    };
    written()
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))
}
