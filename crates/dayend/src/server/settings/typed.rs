//! The settings as the program uses them.

use super::load::{Loaded, Source};
use super::value::{Value, issuers};
use dayend_executor::settings::{Limits, Rlimits};
use dayend_identity::issuers::IssuerSettings;
use dayend_service::admission::{QueueLimits, RateLimits};
use dayend_service::files::FileSettings;
use std::path::PathBuf;
use std::time::Duration;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// How letters are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailSettings {
    /// `host:port`.
    pub(crate) server: String,
    pub(crate) from: String,
    pub(crate) user: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    /// `starttls`, `tls` or `none`.
    pub(crate) tls: String,
}

/// All settings of a server, valid.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `host:port`.
    pub(crate) listen: String,
    /// The address that callers use; none: made from the address that is really listened on.
    pub(crate) base_url: Option<String>,
    pub(crate) plain_http: bool,
    /// The URL of a database server; none: the file in the data directory.
    pub(crate) database: Option<String>,
    pub(crate) database_password_file: Option<PathBuf>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) drain: Duration,
    pub(crate) keep_keys_days: u64,
    /// None: for ever.
    pub(crate) keep_attempts_days: Option<u64>,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) bodies_bytes: usize,
    pub(crate) queue: QueueLimits,
    pub(crate) rates: RateLimits,
    pub(crate) body_limit_bytes: usize,
    pub(crate) definitions_limit_bytes: usize,
    /// Certificate chain and key of the operator's own.
    pub(crate) own_certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: String,
    pub(crate) http_allow: Vec<String>,
    pub(crate) command_user: Option<String>,
    pub(crate) command_roots: Vec<PathBuf>,
    pub(crate) command_dir: Option<PathBuf>,
    pub(crate) command_grace: Duration,
    pub(crate) rlimits: Rlimits,
    pub(crate) limits: Limits,
    /// None: half of the cores.
    pub(crate) hash_threads: Option<usize>,
    pub(crate) master_key_file: Option<PathBuf>,
    pub(crate) issuers: Vec<IssuerSettings>,
    /// The app for which the Unifier call issues tokens; none: there is no such call.
    pub(crate) unifier_client: Option<String>,
    pub(crate) files: FileSettings,
    /// None: the bytes of files are in the data directory.
    pub(crate) bucket: Option<BucketSettings>,
    pub(crate) access_token_s: u64,
    pub(crate) max_access_token_s: u64,
    pub(crate) refresh_token_s: u64,
    pub(crate) session_s: u64,
    pub(crate) session_idle_s: u64,
    /// None: no mail is sent.
    pub(crate) mail: Option<MailSettings>,
}

impl Settings {
    /// Takes the values out of the layers; the errors are those that one setting alone does not show.
    pub(crate) fn new(loaded: &Loaded) -> Result<Self, Vec<String>> {
        let read = Reader(loaded);
        let settings = Self {
            listen: read.text("listen"),
            base_url: base_url(loaded),
            plain_http: read.switch("plain_http"),
            database: Some(read.text("database")).filter(|url| !url.is_empty()),
            database_password_file: read.path("database_password_file"),
            trusted_proxies: read.list("trusted_proxies"),
            drain: Duration::from_millis(read.number("drain_ms")),
            keep_keys_days: read.number("keep_keys_days"),
            keep_attempts_days: read.limit("attempts.keep_days"),
            connections: read.size("limits.connections"),
            connections_per_address: read.size("limits.connections_per_address"),
            bodies_bytes: read.size("limits.bodies_bytes"),
            queue: queue(&read),
            rates: rates(&read),
            body_limit_bytes: read.size("limits.body_bytes"),
            definitions_limit_bytes: read.size("limits.definitions_bytes"),
            own_certificate: read.path("tls.cert").zip(read.path("tls.key")),
            log_format: if read.text("log.format") == "json" {
                LogFormat::Json
            } else {
                LogFormat::Text
            },
            log_level: read.text("log.level"),
            http_allow: read.list("http.allow"),
            command_user: Some(read.text("command.user")).filter(|user| !user.is_empty()),
            command_roots: read.list("command.roots").into_iter().map(PathBuf::from).collect(),
            command_dir: read.path("command.dir"),
            command_grace: Duration::from_secs(read.number("command.grace_s")),
            rlimits: rlimits(&read),
            limits: limits(&read),
            hash_threads: Some(read.size("identity.hash_threads")).filter(|threads| *threads > 0),
            master_key_file: read.path("identity.master_key_file"),
            issuers: read.issuers(),
            unifier_client: Some(read.text("identity.unifier_client"))
                .filter(|client| !client.is_empty()),
            files: files(&read),
            bucket: bucket(&read),
            access_token_s: read.number("identity.access_token_s"),
            max_access_token_s: read.number("identity.max_access_token_s"),
            refresh_token_s: read.number("identity.refresh_token_s"),
            session_s: read.number("identity.session_s"),
            session_idle_s: read.number("identity.session_idle_s"),
            mail: read.mail(),
        };
        let mut problems = loaded.problems.clone();
        if read.path("tls.cert").is_some() != read.path("tls.key").is_some() {
            problems
                .push("tls.cert and tls.key are only of use together: set both or none".to_owned());
        }
        if settings.access_token_s > settings.max_access_token_s {
            problems.push(
                "identity.access_token_s is more than identity.max_access_token_s".to_owned(),
            );
        }
        if settings.files.link_life > settings.files.link_life_max {
            problems.push("files.link_hours is more than files.link_max_hours".to_owned());
        }
        if settings.bucket.as_ref().is_some_and(|bucket| bucket.access_key.is_empty()) {
            problems.push("files.bucket is only of use together with files.access_key".to_owned());
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }
}

/// Where a bucket is, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BucketSettings {
    pub(crate) name: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) region: String,
    pub(crate) prefix: String,
    pub(crate) access_key: String,
    pub(crate) secret_key_file: Option<PathBuf>,
}

fn files(read: &Reader<'_>) -> FileSettings {
    let hours = |key| Duration::from_hours(read.number(key));
    FileSettings {
        link_life: hours("files.link_hours"),
        link_life_max: hours("files.link_max_hours"),
        file_max_bytes: read.number("files.file_bytes"),
        tenant_max_bytes: read.number("files.tenant_bytes"),
        tenant_max_files: read.number("files.tenant_files"),
        keep_free_bytes: read.number("files.keep_free_bytes"),
        transfers: read.size("files.transfers"),
        tenant_bytes_per_s: read.limit("files.tenant_bytes_per_s"),
        keep_days: read.limit("files.keep_days"),
    }
}

fn bucket(read: &Reader<'_>) -> Option<BucketSettings> {
    let filled = |key| Some(read.text(key)).filter(|text| !text.is_empty());
    Some(BucketSettings {
        name: filled("files.bucket")?,
        endpoint: filled("files.endpoint"),
        region: read.text("files.region"),
        prefix: read.text("files.prefix"),
        access_key: read.text("files.access_key"),
        secret_key_file: read.path("files.secret_key_file"),
    })
}

fn queue(read: &Reader<'_>) -> QueueLimits {
    QueueLimits {
        total: read.size("limits.waiting"),
        per_tenant: read.size("limits.waiting_per_tenant"),
    }
}

fn rates(read: &Reader<'_>) -> RateLimits {
    RateLimits {
        caller_per_s: read.rate("limits.changes_per_s"),
        tenant_per_s: read.rate("limits.tenant_changes_per_s"),
    }
}

fn rlimits(read: &Reader<'_>) -> Rlimits {
    Rlimits {
        cpu_s: read.limit("command.cpu_s"),
        address_space_bytes: read.limit("command.memory_bytes"),
        open_files: read.limit("command.open_files"),
        processes: read.limit("command.processes"),
        file_size_bytes: read.limit("command.file_bytes"),
    }
}

fn limits(read: &Reader<'_>) -> Limits {
    Limits {
        commands: read.size("limits.commands"),
        http: read.size("limits.http"),
        http_per_host: read.size("limits.http_per_host"),
        sql: read.size("limits.sql"),
        log_bytes: read.number("limits.log_bytes"),
        files_bytes: read.number("limits.attempt_files_bytes"),
    }
}

/// The setting, unless it only stands in the file while the address to listen on was given by hand: then what was
/// given decides.
fn base_url(loaded: &Loaded) -> Option<String> {
    let (url, listen) = (loaded.entry("base_url"), loaded.entry("listen"));
    let overruled = listen.source == Source::Flag
        && matches!(url.source, Source::File { .. } | Source::Default);
    let url = Reader(loaded).text("base_url");
    Some(url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty() && !overruled)
}

/// Reads values of the kinds that the table promises.
struct Reader<'a>(&'a Loaded);

impl Reader<'_> {
    fn value(&self, key: &str) -> &Value {
        &self.0.entry(key).value
    }

    fn text(&self, key: &str) -> String {
        match self.value(key) {
            Value::Text(text) => text.clone(),
            Value::Number(_) | Value::Switch(_) | Value::List(_) | Value::Tables(_) => {
                unreachable!("{key} is a text in the table")
            }
        }
    }

    fn number(&self, key: &str) -> u64 {
        match self.value(key) {
            Value::Number(number) => *number,
            Value::Text(_) | Value::Switch(_) | Value::List(_) | Value::Tables(_) => {
                unreachable!("{key} is a number in the table")
            }
        }
    }

    fn size(&self, key: &str) -> usize {
        usize::try_from(self.number(key)).unwrap_or(usize::MAX)
    }

    fn rate(&self, key: &str) -> u32 {
        u32::try_from(self.number(key)).unwrap_or(u32::MAX)
    }

    /// 0 stands for no limit of ours.
    fn limit(&self, key: &str) -> Option<u64> {
        Some(self.number(key)).filter(|limit| *limit > 0)
    }

    fn switch(&self, key: &str) -> bool {
        match self.value(key) {
            Value::Switch(switch) => *switch,
            Value::Text(_) | Value::Number(_) | Value::List(_) | Value::Tables(_) => {
                unreachable!("{key} is a switch in the table")
            }
        }
    }

    fn list(&self, key: &str) -> Vec<String> {
        match self.value(key) {
            Value::List(items) => items.clone(),
            Value::Text(_) | Value::Number(_) | Value::Switch(_) | Value::Tables(_) => {
                unreachable!("{key} is a list in the table")
            }
        }
    }

    fn issuers(&self) -> Vec<IssuerSettings> {
        match self.value("identity.issuers") {
            Value::Tables(tables) => issuers(tables).expect("the loader has checked them"),
            Value::Text(_) | Value::Number(_) | Value::Switch(_) | Value::List(_) => {
                unreachable!("identity.issuers are tables in the table")
            }
        }
    }

    fn mail(&self) -> Option<MailSettings> {
        Some(self.text("mail.server")).filter(|server| !server.is_empty()).map(|server| {
            MailSettings {
                server,
                from: self.text("mail.from"),
                user: Some(self.text("mail.user")).filter(|user| !user.is_empty()),
                password_file: self.path("mail.password_file"),
                tls: self.text("mail.tls"),
            }
        })
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.text(key)).filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Flag, load};
    use super::*;

    #[test]
    fn the_base_url_is_what_was_said_last_and_a_listen_flag_overrules_the_file() {
        let file = "base_url = \"https://file.example/\"";
        let environment =
            |name: &str| (name == "DAYEND_BASE_URL").then(|| "https://env.example".to_owned());
        let none = |_: &str| None;
        let listen = [Flag { key: "listen", text: "127.0.0.1:9".to_owned() }];
        let both =
            [listen[0].clone(), Flag { key: "base_url", text: "https://flag.example".to_owned() }];
        let url = |loaded: &Loaded| Settings::new(loaded).unwrap().base_url;
        assert_eq!(url(&load(file, none, &[])).as_deref(), Some("https://file.example"));
        assert_eq!(url(&load(file, none, &listen)), None);
        assert_eq!(url(&load(file, environment, &listen)).as_deref(), Some("https://env.example"));
        assert_eq!(url(&load(file, environment, &both)).as_deref(), Some("https://flag.example"));
        assert_eq!(url(&load("", none, &[])), None);
    }

    #[test]
    fn every_setting_of_the_table_can_be_taken_out_with_its_kind() {
        let settings = Settings::new(&load("", |_| None, &[])).unwrap();
        assert_eq!(settings.listen, "127.0.0.1:8443");
        assert_eq!(settings.limits, Limits::default());
        assert_eq!(settings.queue, QueueLimits::default());
        assert_eq!(settings.rates, RateLimits::default());
        let web = dayend_web::server::Limits::default();
        assert_eq!(settings.connections, web.connections);
        assert_eq!(settings.connections_per_address, web.per_address);
        assert_eq!(settings.bodies_bytes, dayend_web::app::BODIES_BYTES);
        assert_eq!(settings.rlimits, Rlimits { open_files: Some(4096), ..Rlimits::default() });
        assert_eq!(settings.files, FileSettings::default());
        assert!(settings.bucket.is_none());
        assert_eq!(settings.log_format, LogFormat::Text);
        assert!(settings.own_certificate.is_none() && settings.command_user.is_none());
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        for (file, problem) in [
            (
                "[tls]\ncert = \"/c\"",
                "tls.cert and tls.key are only of use together: set both or none",
            ),
            (
                "[identity]\naccess_token_s = 600\nmax_access_token_s = 300",
                "identity.access_token_s is more than identity.max_access_token_s",
            ),
            (
                "[files]\nlink_hours = 48\nlink_max_hours = 24",
                "files.link_hours is more than files.link_max_hours",
            ),
            (
                "[files]\nbucket = \"night\"",
                "files.bucket is only of use together with files.access_key",
            ),
        ] {
            assert_eq!(Settings::new(&load(file, |_| None, &[])).unwrap_err(), [problem]);
        }
    }
}
