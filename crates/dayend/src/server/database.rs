//! Opening the database: the data directory's file, or one on a PostgreSQL server.

use super::directory::{Directory, read_secret};
use super::failure::Failure;
use super::offline::installation_in;
use super::settings::Settings;
use dayend_store::copy::Side;
use dayend_store::port::{Store, StoreError};
use dayend_store::{PostgresOptions, PostgresStore, SqliteStore};
use secrecy::SecretString;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where the password of a database server may stand instead of in a file.
const PASSWORD_VARIABLE: &str = "DAYEND_DATABASE_PASSWORD";
/// How long a statement may take that reads back a whole table of a copy.
const TO_COPY: Duration = Duration::from_hours(24);

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
        let password = match &url {
            Some(_) => password(settings.database_password_file.as_deref())?,
            None => None,
        };
        Ok(Self { directory: directory.clone(), url, password })
    }

    /// The file in the directory.
    pub(super) fn in_directory(directory: &Directory) -> Self {
        Self { directory: directory.clone(), url: None, password: None }
    }

    /// A database of a server, with the password from a file or the environment.
    pub(super) fn at(
        directory: &Directory,
        url: &str,
        password_file: Option<&Path>,
    ) -> Result<Self, Failure> {
        PostgresStore::check_url(url).map_err(|error| Failure::usage(error.to_string()))?;
        let password = password(password_file)?;
        Ok(Self { directory: directory.clone(), url: Some(url.to_owned()), password })
    }

    /// Whether it is on a server.
    pub(super) fn is_on_server(&self) -> bool {
        self.url.is_some()
    }

    /// Opens it for this process alone, and the data directory with it.
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        match &self.url {
            None => self.open_file().await.map(|store| Arc::new(store) as _),
            Some(url) => {
                let lock = self.lock_directory()?;
                self.open_server(url).await.map(|store| Arc::new(store.holding(lock)) as _)
            }
        }
    }

    /// Opens it for this process alone, as one side of a copy. Of the two, the one that is read takes the data directory.
    pub(super) async fn open_to_copy(&self, reading: bool) -> Result<Side, Failure> {
        match &self.url {
            // Not even a newer schema is written where it is only read.
            None if reading => SqliteStore::open_read_only(&self.directory.database())
                .map(Side::Sqlite)
                .map_err(|error| self.failure(&error)),
            None => self.open_file().await.map(Side::Sqlite),
            Some(url) => self.open_server_with(url, TO_COPY).await.map(Side::Postgres),
        }
    }

    /// Empties a database in which an `init` made the installation of this tenant and was stopped.
    pub(super) async fn start_over(&self, tenant: &str) -> Result<(), Failure> {
        let Some(url) = &self.url else { return Ok(()) };
        let store = self.open_server(url).await?;
        let done = async {
            let found = installation_in(&store).await?;
            if found.is_some_and(|found| found.tenant == tenant) {
                store.start_over().await.map_err(|error| self.failure(&error))?;
            }
            Ok(())
        };
        let done = done.await;
        store.close().await;
        done
    }

    /// Keeps others out of the data directory. A file is locked with it by its own store.
    pub(super) fn lock_directory(&self) -> Result<File, Failure> {
        SqliteStore::lock(&self.directory.database()).map_err(|error| match error {
            StoreError::InUse(_) => self.directory_in_use(),
            StoreError::Unavailable(problem)
            | StoreError::Inconsistent(problem)
            | StoreError::Unsupported(problem) => Failure::cannot_serve(problem),
        })
    }

    // Boxed: the future of opening is large, and every command would carry it.
    async fn open_file(&self) -> Result<SqliteStore, Failure> {
        let opened = Box::pin(SqliteStore::open(&self.directory.database())).await;
        opened.map_err(|error| self.failure(&error))
    }

    async fn open_server(&self, url: &str) -> Result<PostgresStore, Failure> {
        self.open_server_with(url, PostgresOptions::default().statement_timeout).await
    }

    async fn open_server_with(
        &self,
        url: &str,
        statement_timeout: Duration,
    ) -> Result<PostgresStore, Failure> {
        let options = PostgresOptions { statement_timeout, ..PostgresOptions::default() };
        let opened = Box::pin(PostgresStore::open(url, self.password.clone(), options)).await;
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

    fn directory_in_use(&self) -> Failure {
        let shown = self.directory.root().display();
        Failure::in_use(format!(
            "another Dayend process uses the data directory {shown}: stop it first"
        ))
    }

    /// What a failing database means for a server command.
    pub(super) fn failure(&self, error: &StoreError) -> Failure {
        let shown = self.directory.root().display();
        match (error, &self.url) {
            (StoreError::InUse(_), None) => self.directory_in_use(),
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

fn password(file: Option<&Path>) -> Result<Option<SecretString>, Failure> {
    if let Some(path) = file {
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
