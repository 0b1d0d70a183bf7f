//! `dayend files list`: which files there are.

use super::super::session::Session;
use crate::client::{Failure, print, visible};
use clap::Args;
use comfy_table::{Table, presets};
use dayend_wire::files::ApiFile;
use serde_json::json;

/// Lists files by name
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What their names begin with [default: all files]
    #[arg(default_value = "", hide_default_value = true)]
    prefix: String,
}

impl ListArgs {
    pub(super) async fn list(&self, session: &Session) -> Result<(), Failure> {
        let (mut files, mut after) = (Vec::new(), String::new());
        loop {
            let page = session.connection.files(&self.prefix, &after).await?;
            files.extend(page.files);
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        if session.json {
            print(&format!("{}\n", json!({ "files": files })));
        } else {
            print(&visible(&table(&files)));
        }
        Ok(())
    }
}

fn table(files: &[ApiFile]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["name", "bytes", "modified", "by"]);
    for file in files {
        table.add_row([
            file.name.as_str(),
            &file.size_bytes.to_string(),
            &file.modified_at,
            &file.by,
        ]);
    }
    format!("{table}\n")
}
