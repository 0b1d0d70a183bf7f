//! Where the database is, and how each kind of connection is made.

use crate::port::StoreError;
use crate::postgres::options::PostgresOptions;
use crate::postgres::session::PgSession;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use std::str::FromStr as _;
use std::time::Duration;

/// How many prepared statements a connection keeps: all of ours, in all sizes.
const STATEMENTS_KEPT: usize = 256;
/// The name under which an administrator of the database sees our sessions.
const APPLICATION: &str = "dayend";
/// How much longer than the server's own limit we wait for its word.
const GRACE: Duration = Duration::from_secs(2);
/// How long a statement that reads may take: whatever a start needs of the largest runs.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// What a URL may say behind its `?`.
const PARAMETERS: [&str; 9] =
    ["host", "hostaddr", "port", "dbname", "user", "sslmode", "sslrootcert", "sslcert", "sslkey"];
/// In force on each connection, whatever the server's and the role's own settings say. With the limits for dead peers a
/// server gives up within half a minute a session whose client is gone, and lets its lock go.
const ALWAYS: [(&str, &str); 7] = [
    ("synchronous_commit", "on"),
    ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
    ("lock_timeout", "5s"),
    ("tcp_user_timeout", "10s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// After this time the server gives up a transaction that asks nothing more.
pub(crate) const IDLE_IN_TRANSACTION: &str = "30s";

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Read,
    /// Statements that may take as long as they need, such as a check of everything.
    Check,
}

/// Where the database is.
#[derive(Clone)]
pub(crate) struct Address {
    base: PgConnectOptions,
    options: PostgresOptions,
    /// For people: host, port and database.
    pub(crate) shown: String,
}

impl Address {
    /// Reads a URL, which must not hold a password: other users would see it in the process list.
    pub(crate) fn new(
        url: &str,
        password: Option<&SecretString>,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        check(url).map_err(StoreError::Unsupported)?;
        let mut base = PgConnectOptions::from_str(url).map_err(|error| {
            StoreError::Unsupported(format!("the database's URL cannot be used: {error}"))
        })?;
        if let Some(password) = password {
            base = base.password(password.expose_secret());
        }
        let host = base
            .get_socket()
            .map_or_else(|| base.get_host().to_owned(), |path| path.display().to_string());
        let name = base.get_database().unwrap_or_else(|| base.get_username()).to_owned();
        let shown = format!("{host}:{}/{name}", base.get_port());
        // Floating-point numbers are none of ours, and a pooler may not know this parameter.
        let base = base
            .application_name(APPLICATION)
            .extra_float_digits(None)
            .statement_cache_capacity(STATEMENTS_KEPT);
        Ok(Self { base, options, shown })
    }

    /// The limits.
    pub(crate) fn limits(&self) -> PostgresOptions {
        self.options
    }

    /// What is in force on a session, whatever the server's and the role's own settings say.
    pub(crate) fn settings(&self, purpose: Purpose) -> Vec<(&'static str, String)> {
        let always = ALWAYS.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let mut settings: Vec<_> = always.collect();
        let timeout = match purpose {
            Purpose::Write => self.options.statement_timeout,
            Purpose::Read => READ_TIMEOUT,
            Purpose::Check => Duration::ZERO,
        };
        settings.push(("statement_timeout", timeout.as_millis().to_string()));
        if purpose == Purpose::Read {
            settings.push(("default_transaction_read_only", "on".to_owned()));
        }
        settings
    }

    /// Connects.
    pub(crate) async fn connect(&self, purpose: Purpose) -> Result<PgSession, StoreError> {
        let settings = self.settings(purpose);
        let options = self.base.clone().options(settings.iter().map(|(name, value)| (name, value)));
        let connected = tokio::time::timeout(self.options.connect_timeout, options.connect()).await;
        let limit = match purpose {
            Purpose::Write | Purpose::Read => Some(self.options.statement_timeout + GRACE),
            Purpose::Check => None,
        };
        match connected {
            Ok(Ok(connection)) => PgSession::begin(connection, limit, &settings).await,
            Ok(Err(error)) => Err(crate::postgres::error::store_error(error)),
            Err(_) => Err(StoreError::Unavailable(format!("{} does not answer", self.shown))),
        }
    }
}

fn check(url: &str) -> Result<(), String> {
    let rest = ["postgres://", "postgresql://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .ok_or("the database's URL must begin with `postgres://`")?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split_once('/').map_or(place, |(authority, _)| authority);
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    if user.is_some_and(|user| user.contains(':')) {
        return Err("the database's URL must not hold a password".to_owned());
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let key = parameter.split_once('=').map_or(parameter, |(key, _)| key);
        if key.to_ascii_lowercase().contains("password") {
            return Err("the database's URL must not hold a password".to_owned());
        }
        if !PARAMETERS.contains(&key) {
            // Not repeated: it may be a misspelt password.
            return Err(format!(
                "the database's URL holds an unknown parameter; there are {}",
                PARAMETERS.join(", ")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_with_passwords_and_unknown_parameters_are_refused_and_not_repeated() {
        #[rustfmt::skip]
        let cases = [
            ("postgres://dayend@db/dayend",                                       true),
            ("postgresql://dayend@[::1]:5433/dayend?sslmode=verify-full&sslrootcert=/etc/ca.pem", true),
            ("postgres:///dayend?host=/run/postgresql&user=dayend",               true),
            ("postgres://dayend:geheim@db/dayend",                                false),
            ("postgres://dayend:@db/dayend",                                      false),
            ("postgres://dayend@db/dayend?password=geheim",                       false),
            ("postgres://dayend@db/dayend?sslmode=require&PassWord=geheim",       false),
            ("postgres://dayend@db/dayend?p%61ssword=geheim",                     false),
            ("postgres://dayend@db/dayend?options=-c%20synchronous_commit%3Doff", false),
            ("postgres://dayend@db/dayend?sslmode=geheim",                        false),
            ("mysql://dayend@db/dayend",                                          false),
            ("dayend.db",                                                         false),
        ];
        for (url, accepted) in cases {
            match Address::new(url, None, PostgresOptions::default()) {
                Ok(_) => assert!(accepted, "{url}"),
                Err(error) => {
                    assert!(!accepted, "{url}: {error}");
                    let told = error.to_string();
                    assert!(!told.contains("geheim") || url.contains("sslmode=geheim"), "{told}");
                }
            }
        }
    }

    #[test]
    fn what_is_shown_is_host_port_and_database() {
        let url = "postgres://dayend@db.bank:5433/night?sslmode=disable";
        let address = Address::new(url, None, PostgresOptions::default()).unwrap();
        assert_eq!(address.shown, "db.bank:5433/night");
    }
}
