//! `dayend files get`: fetches a file.

use super::super::session::Session;
use crate::client::{Failure, Fresh, print};
use clap::Args;
use serde_json::json;
use std::io::{self, Seek as _, Stdout, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Fetches a file; with -o it is there whole or not at all
#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// Its name
    name: String,
    /// Where to put it [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl GetArgs {
    pub(super) async fn get(&self, session: &Session) -> Result<(), Failure> {
        let Some(path) = &self.output else {
            if session.json {
                return Err(Failure::usage("with --json the file needs a place: say one with -o"));
            }
            session
                .connection
                .get_file(&self.name, &mut ToStdout { out: io::stdout(), begun: false })
                .await?;
            return Ok(());
        };
        let size = self.fetch(session, path).await?;
        if session.json {
            print(&format!("{}\n", json!({ "name": self.name, "file": path, "sizeBytes": size })));
        }
        Ok(())
    }

    async fn fetch(&self, session: &Session, path: &Path) -> Result<u64, Failure> {
        let unwritable = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        };
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut draft =
            Draft(NamedTempFile::new_in(directory).map_err(|error| unwritable(&error))?);
        let size = session.connection.get_file(&self.name, &mut draft).await?;
        draft.0.as_file().sync_all().map_err(|error| unwritable(&error))?;
        draft.0.persist(path).map_err(|error| unwritable(&error))?;
        Ok(size)
    }
}

struct Draft(NamedTempFile);

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Fresh for Draft {
    fn begin_again(&mut self) -> bool {
        self.0.as_file().set_len(0).is_ok() && self.0.rewind().is_ok()
    }
}

struct ToStdout {
    out: Stdout,
    begun: bool,
}

impl Write for ToStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun = true;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Fresh for ToStdout {
    fn begin_again(&mut self) -> bool {
        !self.begun
    }
}
