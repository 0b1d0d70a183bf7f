//! Which database a connection means, and whether a task may open it.

use crate::secrets;
use crate::settings::Settings;
use crate::sql::statement::Dialect;
use dayend_engine::definition::{ConnectionTarget, SecretRef};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A database that a task may open.
pub(super) enum Database {
    Sqlite(PathBuf),
    Postgres { options: Box<PgConnectOptions>, password: Option<SecretString> },
}

impl Database {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }
}

/// Finds the database. Reads files and secrets, so it blocks. The error is why the attempt fails.
pub(super) fn find(settings: &Settings, target: &ConnectionTarget) -> Result<Database, String> {
    match target {
        ConnectionTarget::Sqlite { path } => sqlite(settings, path).map(Database::Sqlite),
        ConnectionTarget::Postgres { url, password } => postgres(settings, url, password.as_ref()),
        ConnectionTarget::Http { .. } => Err("the task's connection is not a database".to_owned()),
    }
}

fn sqlite(settings: &Settings, path: &str) -> Result<PathBuf, String> {
    if path.is_empty() || path.contains('\0') || path.starts_with(':') || path.starts_with("file:")
    {
        return Err("the connection's path is not one of a database file".to_owned());
    }
    std::fs::create_dir_all(&settings.work_dir)
        .map_err(|error| format!("the working directory cannot be made: {error}"))?;
    let path = real_path(&settings.work_dir.join(path))
        .map_err(|error| format!("the database's directory cannot be used: {error}"))?;
    let is_own =
        |own: &PathBuf| real_path(own).is_ok_and(|own| own == path) || same_file(own, &path);
    if settings.forbidden_databases.iter().any(is_own) {
        return Err("the connection leads to this server's own database, which tasks may not open"
            .to_owned());
    }
    Ok(path)
}

/// The path without symbolic links; the file itself need not exist.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize().or_else(|error| match (path.parent(), path.file_name()) {
        // A link that leads nowhere would be followed when the file is created.
        (Some(dir), Some(name)) if !path.is_symlink() => Ok(dir.canonicalize()?.join(name)),
        _ => Err(error),
    })
}

/// Whether both are one file under two names (a hard link, for example).
fn same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    identity(one).is_some_and(|found| identity(other) == Some(found))
}

fn postgres(
    settings: &Settings,
    url: &str,
    password: Option<&SecretRef>,
) -> Result<Database, String> {
    let parsed =
        Url::parse(url).map_err(|error| format!("the connection's URL cannot be read: {error}"))?;
    if !matches!(parsed.scheme(), "postgres" | "postgresql") {
        return Err("the connection's URL does not begin with postgres://".to_owned());
    }
    if parsed.password().is_some() || parsed.query_pairs().any(|(key, _)| key == "password") {
        return Err(
            "the connection's URL holds a password; name its source under `password` instead"
                .to_owned(),
        );
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| format!("the connection's URL cannot be used: {error}"))?;
    let place = place(&options);
    let is_own =
        |own: &String| PgConnectOptions::from_str(own).is_ok_and(|own| self::place(&own) == place);
    if settings.forbidden_postgres.iter().any(is_own) {
        return Err("the connection leads to this server's own database, which tasks may not open"
            .to_owned());
    }
    let password = password.map(secrets::read).transpose()?;
    // Set even if there is none: otherwise the driver would try the server's own password, whoever asks for it.
    let text = password.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let options = options.password(text).application_name("dayend");
    Ok(Database::Postgres { options: Box::new(options), password })
}

/// What makes two URLs mean the same database: port and name, and the host unless both are this machine.
fn place(options: &PgConnectOptions) -> (String, u16, String) {
    let host =
        options.get_host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let is_here = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let host = if is_here { "localhost".to_owned() } else { host };
    let name = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
    (host, options.get_port(), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_engine::time::Timestamp;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_servers_own_database_is_refused_under_every_name() {
        let root = tempfile::tempdir().unwrap();
        let work = root.path().join("work");
        std::fs::create_dir(&work).unwrap();
        let own = root.path().join("dayend.db");
        std::fs::write(&own, "").unwrap();
        symlink(&own, work.join("symlink.db")).unwrap();
        std::fs::hard_link(&own, work.join("hardlink.db")).unwrap();
        symlink(root.path(), work.join("dir")).unwrap();
        symlink(root.path().join("nowhere"), work.join("dangling.db")).unwrap();
        let mut settings = Settings::new(
            root.path().join("attempts"),
            work.clone(),
            String::new(),
            [0; 32],
            || Timestamp(0),
        );
        settings.forbidden_databases = vec![own.clone(), root.path().join("dayend.db-wal")];
        for path in [
            own.to_str().unwrap(),
            "../dayend.db",
            "symlink.db",
            "hardlink.db",
            "dir/dayend.db",
            "dir/work/../dayend.db",
            "../dayend.db-wal",
        ] {
            let refused = find(&settings, &ConnectionTarget::Sqlite { path: path.to_owned() });
            assert!(refused.is_err_and(|reason| reason.contains("own database")), "{path}");
        }
        for path in ["dangling.db", "", ":memory:", "file:x?mode=memory", "missing/x.db"] {
            assert!(
                find(&settings, &ConnectionTarget::Sqlite { path: path.to_owned() }).is_err(),
                "{path}"
            );
        }
        let good = find(&settings, &ConnectionTarget::Sqlite { path: "ledger.db".to_owned() });
        assert!(
            matches!(good, Ok(Database::Sqlite(path)) if path == work.canonicalize().unwrap().join("ledger.db"))
        );
    }

    #[test]
    fn a_postgres_url_holds_no_password_and_is_not_the_servers_own() {
        let mut settings =
            Settings::new(PathBuf::new(), PathBuf::new(), String::new(), [0; 32], || Timestamp(0));
        settings.forbidden_postgres = vec!["postgres://dayend@127.0.0.1:5433/dayend".to_owned()];
        #[rustfmt::skip]
        let refused = [
            ("postgres://u:secret@h/db", "holds a password"),
            ("postgres://u@h/db?password=secret", "holds a password"),
            ("postgres://u:@h/db?pass%77ord=secret", "holds a password"),
            ("mysql://u@h/db", "postgres://"),
            ("postgres://u@localhost:5433/dayend", "own database"),
            ("postgres://u@[::1]:5433/dayend", "own database"),
            ("postgres://u@other/x?host=127.0.0.1&port=5433&dbname=dayend", "own database"),
            ("postgres://u@%2Fvar%2Frun:5433/dayend", "own database"),
        ];
        for (url, want) in refused {
            let target = ConnectionTarget::Postgres { url: url.to_owned(), password: None };
            let reason = find(&settings, &target).err().unwrap_or_default();
            assert!(reason.contains(want) && !reason.contains("secret"), "{url}: {reason}");
        }
        let target = ConnectionTarget::Postgres {
            url: "postgres://u@localhost:5433/ledger".to_owned(),
            password: None,
        };
        assert!(find(&settings, &target).is_ok());
    }
}
