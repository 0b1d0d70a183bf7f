//! What holds for the whole run of the program.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How and what is measured.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The measured program.
    pub(crate) binary: PathBuf,
    /// A short form: the same loads, smaller or for less time.
    pub(crate) quick: bool,
}

/// The database under the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

impl Settings {
    pub(crate) fn new(binary: PathBuf, quick: bool) -> Self {
        Self { binary, quick }
    }

    /// A number of things, and how many it is in the short form.
    pub(crate) fn count(&self, whole: usize, quick: usize) -> usize {
        if self.quick { quick } else { whole }
    }

    /// The same for a time in milliseconds.
    pub(crate) fn time(&self, whole_ms: u64, quick_ms: u64) -> Duration {
        Duration::from_millis(if self.quick { quick_ms } else { whole_ms })
    }
}

impl Store {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// The first for SQLite, the second for PostgreSQL.
    pub(crate) fn pick(self, sqlite: f64, postgres: f64) -> f64 {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}
