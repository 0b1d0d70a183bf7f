//! The demo's own server: a temporary data directory, a free port on loopback, and nothing left afterwards.

use super::teller::Teller;
use crate::client::{Connection, Failure, Limits, Profile};
use crate::server::init;
use crate::server::running::{self, Options, Running};
use dayend_wire::exit::ExitCode;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Any free port, only on this machine.
const LISTEN: &str = "127.0.0.1:0";

/// A server that plays, and a client of it.
pub(super) struct Stage {
    place: TempDir,
    running: Running,
    pub(super) connection: Connection,
}

impl Stage {
    /// Makes a data directory, starts a server on it and prepares a client.
    pub(super) async fn set_up(teller: &Teller) -> Result<Self, Failure> {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let place = tempfile::Builder::new().prefix("dayend-demo-").tempdir().map_err(|error| {
            Failure::new(
                ExitCode::ServerError,
                format!("there is no place for temporary files ({error}): set TMPDIR"),
            )
        })?;
        let data = data_in(&place);
        teller.tell(&format!("A data directory is made:     {}", data.display()));
        init::make(&data, LISTEN, None, &init::InitDatabase::in_directory())
            .await
            .map_err(server_failure)?;
        let running =
            running::start(Options::load(&data, &[("database", "")]).map_err(server_failure)?)
                .await
                .map_err(server_failure)?;
        teller.tell(&format!("A server is started:          {}", running.base_url()));
        let connection = connect(&data, running.base_url(), teller);
        match connection {
            Ok(connection) => Ok(Self { place, running, connection }),
            Err(failure) => {
                running.stop().await;
                Err(failure)
            }
        }
    }

    /// The directory that the night's programs work in.
    pub(super) fn work(&self) -> PathBuf {
        data_in(&self.place).join("work")
    }

    /// The profile that leads to this server.
    pub(super) fn profile(&self) -> PathBuf {
        data_in(&self.place).join("profile.json")
    }

    /// Stops the server and removes the data directory.
    pub(super) async fn clear(self) -> Result<(), Failure> {
        self.running.stop().await;
        let shown = self.place.path().display().to_string();
        self.place.close().map_err(|error| {
            Failure::new(
                ExitCode::ServerError,
                format!("{shown} could not be removed ({error}): remove it by hand"),
            )
        })
    }
}

fn data_in(place: &TempDir) -> PathBuf {
    place.path().join("data")
}

/// Writes the port that was found into the profile, and connects with it as any client would.
fn connect(data: &Path, base_url: &str, teller: &Teller) -> Result<Connection, Failure> {
    let path = data.join("profile.json");
    let unusable = |problem: &dyn std::fmt::Display| {
        Failure::new(
            ExitCode::Bug,
            format!("the new profile {} cannot be used: {problem}", path.display()),
        )
    };
    let text = std::fs::read_to_string(&path).map_err(|error| unusable(&error))?;
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|error| unusable(&error))?;
    object.insert("base_url".to_owned(), base_url.into());
    let text = serde_json::to_string(&object).map_err(|error| unusable(&error))?;
    std::fs::write(&path, format!("{text}\n")).map_err(|error| unusable(&error))?;
    let limits = Limits {
        connect: Duration::from_secs(10),
        request: Duration::from_secs(50),
        retry_for: Some(Duration::from_secs(30)),
    };
    Connection::new(Profile::read(&path)?, limits, teller.voice.clone())
}

fn server_failure(failure: impl std::fmt::Display) -> Failure {
    Failure::new(ExitCode::ServerError, failure.to_string())
}
