//! A server with its database, both made for one measurement and thrown away with it.

use crate::caller::Caller;
use crate::cluster::Cluster;
use crate::http::Door;
use crate::processor::Meter;
use crate::server::Server;
use crate::settings::{Settings, Store};
use anyhow::Result;
use std::path::Path;

/// Dropping it kills the server, then the database.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) server: Server,
    pub(crate) store: Store,
    cluster: Option<Cluster>,
}

impl Bank {
    /// A fresh installation that answers over HTTPS.
    pub(crate) fn open(settings: &Settings, store: Store) -> Result<Self> {
        Self::open_with(settings, store, &[])
    }

    /// The same with more words behind `serve`.
    pub(crate) fn open_with(settings: &Settings, store: Store, more: &[&str]) -> Result<Self> {
        let cluster = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(Cluster::start()?),
        };
        let server = Server::start(&settings.binary, cluster.as_ref(), more)?;
        // What the making left unwritten is not what is measured.
        rustix::fs::sync();
        Ok(Self { server, store, cluster })
    }

    /// A caller with a token.
    pub(crate) async fn caller(&self) -> Result<Caller> {
        Caller::new(&self.server).await
    }

    /// The way to the server without a token.
    pub(crate) fn door(&self) -> Result<Door> {
        Door::new(&self.server.base_url, Path::new(self.server.profile("ca_file")?))
    }

    /// Begins to count what server and database use.
    pub(crate) fn meter(&self) -> Result<Meter> {
        Meter::start(self.server.pid(), self.database_pid()?)
    }

    fn database_pid(&self) -> Result<Option<u32>> {
        Ok(self.cluster.as_ref().map(Cluster::pid).transpose()?)
    }
}
