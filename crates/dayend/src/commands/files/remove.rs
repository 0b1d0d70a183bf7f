//! `dayend files rm`: removes files.

use super::super::session::Session;
use crate::client::{Failure, print};
use clap::Args;
use serde_json::json;

/// Removes files
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// Their names
    #[arg(required = true)]
    names: Vec<String>,
}

impl RemoveArgs {
    pub(super) async fn remove(&self, session: &Session) -> Result<(), Failure> {
        for name in &self.names {
            session.connection.remove_file(name).await?;
        }
        if session.json {
            print(&format!("{}\n", json!({ "removed": self.names })));
        }
        Ok(())
    }
}
