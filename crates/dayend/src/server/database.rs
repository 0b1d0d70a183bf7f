//! Opening the database: the data directory's file, or one on a PostgreSQL server.

use super::directory::{Directory, read_secret};
use super::failure::Failure;
use super::settings::Settings;
use dayend_store::port::{Store, StoreError};
use dayend_store::{PostgresOptions, PostgresStore, SqliteStore};
use secrecy::SecretString;
use std::sync::Arc;

/// Where the password of a database server may stand instead of in a file.
const PASSWORD_VARIABLE: &str = "DAYEND_DATABASE_PASSWORD";

/// Where the database is.
#[derive(Clone, Debug)]
pub(super) struct Database {
    directory: Directory,
    /// None: the file in the directory.
    url: Option<String>,
    password: Option<SecretString>,
}

impl Database {
    /// The database of a data directory with these settings.
    pub(super) fn of(directory: &Directory, settings: &Settings) -> Result<Self, Failure> {
        let url = settings.database.clone();
        let password = if url.is_some() { password(settings)? } else { None };
        Ok(Self { directory: directory.clone(), url, password })
    }

    /// Opens it for this process alone.
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        // Boxed: the future of opening is large, and every command would carry it.
        let opened: Result<Arc<dyn Store>, StoreError> = match &self.url {
            None => Box::pin(SqliteStore::open(&self.directory.database()))
                .await
                .map(|store| Arc::new(store) as _),
            Some(url) => Box::pin(PostgresStore::open(
                url,
                self.password.clone(),
                PostgresOptions::default(),
            ))
            .await
            .map(|store| Arc::new(store) as _),
        };
        opened.map_err(|error| self.failure(&error))
    }

    /// Opens it as it is: nothing is written, not even a newer schema.
    pub(super) async fn open_read_only(&self) -> Result<Arc<dyn Store>, Failure> {
        let opened: Result<Arc<dyn Store>, StoreError> = match &self.url {
            None => SqliteStore::open_read_only(&self.directory.database())
                .map(|store| Arc::new(store) as _),
            Some(url) => Box::pin(PostgresStore::open_read_only(
                url,
                self.password.clone(),
                PostgresOptions::default(),
            ))
            .await
            .map(|store| Arc::new(store) as _),
        };
        opened.map_err(|error| self.failure(&error))
    }

    /// What a failing database means for a server command.
    pub(super) fn failure(&self, error: &StoreError) -> Failure {
        let shown = self.directory.root().display();
        match (error, &self.url) {
            (StoreError::InUse(_), None) => Failure::in_use(format!(
                "another Dayend process uses the data directory {shown}: stop it first"
            )),
            (StoreError::InUse(sentence), Some(_)) => {
                Failure::in_use(format!("{sentence}: stop it first"))
            }
            (
                StoreError::Unavailable(problem)
                | StoreError::Inconsistent(problem)
                | StoreError::Unsupported(problem),
                None,
            ) => {
                Failure::cannot_serve(format!("the database in {shown} cannot be used: {problem}"))
            }
            (
                StoreError::Unavailable(problem)
                | StoreError::Inconsistent(problem)
                | StoreError::Unsupported(problem),
                Some(_),
            ) => Failure::cannot_serve(format!("the database server cannot be used: {problem}")),
        }
    }
}

fn password(settings: &Settings) -> Result<Option<SecretString>, Failure> {
    if let Some(path) = &settings.database_password_file {
        let text = read_secret(path)?;
        return Ok(Some(text.trim_end_matches(['\r', '\n']).into()));
    }
    match std::env::var(PASSWORD_VARIABLE) {
        Ok(text) => Ok(Some(text.into())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::usage(format!("{PASSWORD_VARIABLE} is not UTF-8")))
        }
    }
}
