//! What the executors need to be told.

use crate::http::lookup;
pub use crate::http::lookup::Lookup;
use crate::http::network::Network;
use dayend_engine::time::Timestamp;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The most bytes of output or log lines that are kept of one attempt, unless set otherwise.
pub const LOG_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// How many commands run at a time, unless set otherwise.
pub const COMMANDS_MAX: usize = 256;
/// How many HTTP requests are under way at a time, unless set otherwise.
pub const HTTP_MAX: usize = 512;
/// How many HTTP requests to one host are under way at a time, unless set otherwise.
pub const HTTP_PER_HOST_MAX: usize = 64;
/// How many SQL attempts run at a time, unless set otherwise.
pub const SQL_MAX: usize = 64;
/// How many bytes the input files of one attempt may have together, and its output files, unless set otherwise.
pub const FILES_MAX_BYTES: u64 = 16 << 30;
/// How long in-process attempts may go on after a shutdown began, unless set otherwise.
pub const DRAIN: Duration = Duration::from_secs(2);
/// How long a command has between TERM and KILL, unless set otherwise.
pub const GRACE: Duration = Duration::from_secs(10);

/// Everything that a node's executors are told once.
#[derive(Clone)]
pub struct Settings {
    /// Where each attempt has a directory: log, claim, outcome.
    pub attempts_dir: PathBuf,
    /// The shared working directory: `DAYEND_WORK` of commands, base of relative SQLite paths.
    pub work_dir: PathBuf,
    /// How this server is reached from outside, without a final slash.
    pub base_url: String,
    pub http: HttpSettings,
    pub command: CommandSettings,
    pub limits: Limits,
    /// The server's own database files, which no SQL task may open under any name.
    pub forbidden_databases: Vec<PathBuf>,
    /// The server's own PostgreSQL databases (URLs), which no SQL task may open.
    pub forbidden_postgres: Vec<String>,
    /// Signs the callback URLs.
    pub callback_key: [u8; 32],
    pub now: fn() -> Timestamp,
    /// How long in-process attempts may go on after [`crate::Executors::shutdown`] began.
    pub drain: Duration,
}

/// How many attempts run at a time (more wait in a queue), and how much is kept of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub commands: usize,
    pub http: usize,
    pub http_per_host: usize,
    pub sql: usize,
    pub log_bytes: u64,
    /// What the input files of one attempt may have together, and its output files.
    pub files_bytes: u64,
}

/// How HTTP tasks behave.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Networks that may be reached although they are private, loopback or otherwise special.
    pub allow: Vec<Network>,
    /// Finds the addresses of host names.
    pub lookup: Lookup,
    /// How long looking up, connecting and agreeing on TLS may take together.
    pub connect_timeout: Duration,
    /// How long one poll of an asynchronous attempt may take.
    pub poll_timeout: Duration,
    /// The first and the longest pause between two polls; it doubles in between.
    pub poll_first: Duration,
    pub poll_max: Duration,
    /// The longest pause that an endpoint may ask for with `Retry-After`.
    pub retry_after_max: Duration,
}

/// How command tasks run.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    /// The user that commands run as; none = the server's own.
    pub user: Option<String>,
    /// If not empty: programs outside these directories are refused.
    pub roots: Vec<PathBuf>,
    /// Where a relative program is looked for.
    pub dir: PathBuf,
    /// How long a command has between TERM and KILL.
    pub grace: Duration,
    pub rlimits: Rlimits,
    /// The program that acts as the shim; none = the program that is running now.
    pub shim: Option<PathBuf>,
}

/// Resource limits of a command; none = the server's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rlimits {
    pub cpu_s: Option<u64>,
    pub address_space_bytes: Option<u64>,
    pub open_files: Option<u64>,
    /// Counts all processes of the user, not only the attempt's.
    pub processes: Option<u64>,
    pub file_size_bytes: Option<u64>,
}

impl Settings {
    /// The default values around what has none.
    pub fn new(
        attempts_dir: PathBuf,
        work_dir: PathBuf,
        base_url: String,
        callback_key: [u8; 32],
        now: fn() -> Timestamp,
    ) -> Self {
        let command = CommandSettings {
            user: None,
            roots: Vec::new(),
            dir: work_dir.clone(),
            grace: GRACE,
            rlimits: Rlimits { open_files: Some(4096), ..Rlimits::default() },
            shim: None,
        };
        Self {
            attempts_dir,
            work_dir,
            base_url,
            http: HttpSettings::default(),
            command,
            limits: Limits::default(),
            forbidden_databases: Vec::new(),
            forbidden_postgres: Vec::new(),
            callback_key,
            now,
            drain: DRAIN,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            commands: COMMANDS_MAX,
            http: HTTP_MAX,
            http_per_host: HTTP_PER_HOST_MAX,
            sql: SQL_MAX,
            log_bytes: LOG_MAX_BYTES,
            files_bytes: FILES_MAX_BYTES,
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            lookup: lookup::of_the_system,
            connect_timeout: Duration::from_secs(10),
            poll_timeout: Duration::from_mins(1),
            poll_first: Duration::from_secs(1),
            poll_max: Duration::from_secs(30),
            retry_after_max: Duration::from_mins(5),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("attempts_dir", &self.attempts_dir)
            .field("work_dir", &self.work_dir)
            .field("base_url", &self.base_url)
            .field("http", &self.http)
            .field("command", &self.command)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
