//! `dayend files link`, `links` and `unlink`: URLs that need no token.

use super::super::session::Session;
use crate::client::{Failure, duration, print, visible};
use clap::Args;
use comfy_table::{Table, presets};
use dayend_wire::files::NewFileLink;
use serde_json::json;
use std::time::Duration;

/// Prints a URL that needs no token: whoever has it can download the file
#[derive(Debug, Args)]
pub(super) struct LinkArgs {
    /// The file's name
    name: String,
    /// A URL for one complete upload instead
    #[arg(long, conflicts_with = "access")]
    upload: bool,
    /// How many bytes will be uploaded, exactly
    #[arg(long, value_name = "BYTES", requires = "upload")]
    size: Option<u64>,
    /// Other uses, in OCI's words: `ObjectReadWrite`, or `AnyObjectRead`, `AnyObjectWrite` and `AnyObjectReadWrite` for all names that begin so
    #[arg(long, value_name = "ACCESS")]
    access: Option<String>,
    /// The names can be listed as well
    #[arg(long, requires = "access")]
    listing: bool,
    /// How long it is good [default: 24h]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    life: Option<Duration>,
}

/// Lists URLs that were made, without their secrets
#[derive(Debug, Args)]
pub(super) struct LinksArgs {}

/// Makes a URL useless at once
#[derive(Debug, Args)]
pub(super) struct UnlinkArgs {
    /// Its id, as `links` shows it
    id: String,
}

impl LinkArgs {
    pub(super) async fn link(&self, session: &Session) -> Result<(), Failure> {
        let usual = if self.upload { "ObjectWrite" } else { "ObjectRead" };
        let wanted = NewFileLink {
            access: self.access.clone().unwrap_or_else(|| usual.to_owned()),
            name: self.name.clone(),
            listing: self.listing,
            size_bytes: self.size,
            sha256: None,
            content_type: None,
            expires_in_s: self.life.map(|life| life.as_secs().max(1)),
            once: self.upload,
        };
        let link = session.connection.link_file(&wanted).await?;
        if session.json {
            print(&format!("{}\n", json!(link)));
        } else {
            print(&visible(&format!("{}\n", link.url.unwrap_or_default())));
        }
        Ok(())
    }
}

impl LinksArgs {
    pub(super) async fn list(&self, session: &Session) -> Result<(), Failure> {
        let (mut links, mut after) = (Vec::new(), String::new());
        loop {
            let page = session.connection.file_links(&after).await?;
            links.extend(page.links);
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        if session.json {
            print(&format!("{}\n", json!({ "links": links })));
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["id", "access", "name", "used", "expires", "by"]);
        for link in &links {
            let used = if link.spent { "yes" } else { "no" };
            table.add_row([
                link.id.as_str(),
                &link.access,
                &link.name,
                used,
                &link.expires_at,
                &link.by,
            ]);
        }
        print(&visible(&format!("{table}\n")));
        Ok(())
    }
}

impl UnlinkArgs {
    pub(super) async fn revoke(&self, session: &Session) -> Result<(), Failure> {
        session.connection.revoke_file_link(&self.id).await?;
        if session.json {
            print(&format!("{}\n", json!({ "revoked": self.id })));
        }
        Ok(())
    }
}
