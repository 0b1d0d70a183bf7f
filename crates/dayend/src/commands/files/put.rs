//! `dayend files put`: stores a file.

use super::super::session::Session;
use crate::client::{Failure, print, visible};
use clap::Args;
use std::path::PathBuf;

/// Stores a file under its name, in place of the one that is there
#[derive(Debug, Args)]
pub(super) struct PutArgs {
    /// The file
    file: PathBuf,
    /// Another name [default: the file's own, without its directory]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What the file is, such as text/csv
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
}

impl PutArgs {
    pub(super) async fn put(&self, session: &Session) -> Result<(), Failure> {
        let own = || self.file.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let name = self.name.clone().or_else(own);
        let name = name.ok_or_else(|| {
            Failure::usage("the file has no name that can be used: say one with --name")
        })?;
        let file =
            session.connection.put_file(&self.file, &name, self.content_type.as_deref()).await?;
        if session.json {
            print(&format!("{}\n", serde_json::json!(file)));
        } else {
            print(&visible(&format!(
                "{}  {}  {} bytes\n",
                file.sha256, file.name, file.size_bytes
            )));
        }
        Ok(())
    }
}
