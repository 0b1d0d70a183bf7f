//! The one list of settings. The loader, `config check`, `init`'s file and the manual are made from it.

use super::value::{Kind, Value};

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// As in `dayend.toml`: `section.name`.
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    /// As it would stand in the environment.
    pub(crate) default: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
}

impl Setting {
    /// The environment variable: `http.allow` is `DAYEND_HTTP_ALLOW`.
    pub(crate) fn variable(&self) -> String {
        format!("DAYEND_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// The default as it would stand in `dayend.toml`.
    pub(crate) fn default_value(&self) -> Value {
        self.kind.parse(self.default).expect("the table's defaults are of their kinds")
    }
}

/// More than any machine has.
const MANY: u64 = i64::MAX.unsigned_abs();

/// All settings; those of a section stand together.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        kind: Kind::Address,
        default: "127.0.0.1:8443",
        doc: "Where the server listens; port 0 takes a free one.",
    },
    Setting {
        key: "base_url",
        kind: Kind::Url,
        default: "",
        doc: "The address that callers use, perhaps with a path, and the issuer of tokens; empty is made from `listen`.",
    },
    Setting {
        key: "plain_http",
        kind: Kind::Switch,
        default: "false",
        doc: "Serves HTTP instead of HTTPS; only behind a proxy that does TLS, or for a try on loopback.",
    },
    Setting {
        key: "database",
        kind: Kind::Database,
        default: "",
        doc: "A PostgreSQL database, `postgres://USER@HOST/NAME` without a password; empty is the file in the data directory.",
    },
    Setting {
        key: "database_password_file",
        kind: Kind::Path,
        default: "",
        doc: "A file (mode 0600) with the password of `database`; `DAYEND_DATABASE_PASSWORD` may hold it instead.",
    },
    Setting {
        key: "trusted_proxies",
        kind: Kind::Networks,
        default: "",
        doc: "Proxies whose `X-Forwarded-For` is believed when wrong passwords are counted by address; nobody else's is.",
    },
    Setting {
        key: "drain_ms",
        kind: Kind::Number { min: 0, max: 1500 },
        default: "1000",
        doc: "How long requests that are being answered may take when the server stops, in milliseconds.",
    },
    Setting {
        key: "keep_keys_days",
        kind: Kind::Number { min: 7, max: 3650 },
        default: "8",
        doc: "How long idempotency keys are remembered, in days.",
    },
    Setting {
        key: "tls.cert",
        kind: Kind::Path,
        default: "",
        doc: "A certificate chain of your own (PEM) instead of the one in the data directory; it is not renewed by Dayend.",
    },
    Setting {
        key: "tls.key",
        kind: Kind::Path,
        default: "",
        doc: "The private key of `tls.cert` (PEM, mode 0600).",
    },
    Setting {
        key: "limits.connections",
        kind: Kind::Number { min: 1, max: 1_000_000 },
        default: "16384",
        doc: "How many connections are open at a time, if the limit of open files allows it; more wait.",
    },
    Setting {
        key: "limits.connections_per_address",
        kind: Kind::Number { min: 1, max: 1_000_000 },
        default: "12288",
        doc: "How many of them come from one address, or one IPv6 network of 64 bits; more are closed at once.",
    },
    Setting {
        key: "limits.waiting",
        kind: Kind::Number { min: 16, max: 1_000_000 },
        default: "16384",
        doc: "How many requests that change something wait to be carried out at a time; more are answered 503.",
    },
    Setting {
        key: "limits.waiting_per_tenant",
        kind: Kind::Number { min: 16, max: 1_000_000 },
        default: "8192",
        doc: "How many of them are of one tenant; more are answered 429.",
    },
    Setting {
        key: "limits.changes_per_s",
        kind: Kind::Number { min: 1, max: 1_000_000 },
        default: "20000",
        doc: "How many changes a second one user or app may ask for, on average over 2 seconds; more are answered 429.",
    },
    Setting {
        key: "limits.tenant_changes_per_s",
        kind: Kind::Number { min: 1, max: 1_000_000 },
        default: "50000",
        doc: "How many changes a second all users and apps of one tenant may ask for together; more are answered 429.",
    },
    Setting {
        key: "limits.bodies_bytes",
        kind: Kind::Number { min: 1_048_576, max: 1_099_511_627_776 },
        default: "134217728",
        doc: "The memory for the bodies of all requests that are not answered yet, in bytes; more are answered 503.",
    },
    Setting {
        key: "limits.body_bytes",
        kind: Kind::Number { min: 1024, max: 67_108_864 },
        default: "1048576",
        doc: "The largest body of an ordinary request, in bytes.",
    },
    Setting {
        key: "limits.definitions_bytes",
        kind: Kind::Number { min: 1024, max: 1_073_741_824 },
        default: "268435456",
        doc: "The largest size of all definition files of one `apply` together, in bytes.",
    },
    Setting {
        key: "limits.commands",
        kind: Kind::Number { min: 1, max: 100_000 },
        default: "256",
        doc: "How many `command` attempts run at a time; more wait in a queue.",
    },
    Setting {
        key: "limits.http",
        kind: Kind::Number { min: 1, max: 100_000 },
        default: "512",
        doc: "How many requests of `http` tasks are under way at a time.",
    },
    Setting {
        key: "limits.http_per_host",
        kind: Kind::Number { min: 1, max: 100_000 },
        default: "64",
        doc: "How many of them go to one host at a time.",
    },
    Setting {
        key: "limits.sql",
        kind: Kind::Number { min: 1, max: 10_000 },
        default: "64",
        doc: "How many `sql` attempts run at a time.",
    },
    Setting {
        key: "limits.log_bytes",
        kind: Kind::Number { min: 4096, max: 1_099_511_627_776 },
        default: "16777216",
        doc: "How much output is kept of one attempt, in bytes.",
    },
    Setting {
        key: "limits.attempt_files_bytes",
        kind: Kind::Number { min: 1024, max: MANY },
        default: "17179869184",
        doc: "How many bytes the input files of one `command` attempt may have together, and its output files.",
    },
    Setting {
        key: "attempts.keep_days",
        kind: Kind::Number { min: 0, max: 36_500 },
        default: "30",
        doc: "How long logs and outcomes of attempts are kept after their run ended, in days; 0 keeps them for ever.",
    },
    Setting {
        key: "files.bucket",
        kind: Kind::Text,
        default: "",
        doc: "The bucket of an S3-compatible service that keeps the bytes of files; empty keeps them in `files` in the data directory.",
    },
    Setting {
        key: "files.endpoint",
        kind: Kind::Url,
        default: "",
        doc: "The address of that service; empty is Amazon's for the region.",
    },
    Setting {
        key: "files.region",
        kind: Kind::Text,
        default: "us-east-1",
        doc: "The region of the bucket.",
    },
    Setting {
        key: "files.prefix",
        kind: Kind::Text,
        default: "",
        doc: "What the names of our objects in the bucket begin with, such as `dayend/prod`.",
    },
    Setting {
        key: "files.access_key",
        kind: Kind::Text,
        default: "",
        doc: "The access key for the bucket.",
    },
    Setting {
        key: "files.secret_key_file",
        kind: Kind::Path,
        default: "",
        doc: "A file (mode 0600) with the secret of `files.access_key`; `DAYEND_S3_SECRET_KEY` may hold it instead.",
    },
    Setting {
        key: "files.link_hours",
        kind: Kind::Number { min: 1, max: 8784 },
        default: "24",
        doc: "How long a pre-authenticated URL is good when nothing else is asked for, in hours.",
    },
    Setting {
        key: "files.link_max_hours",
        kind: Kind::Number { min: 1, max: 8784 },
        default: "168",
        doc: "The longest life of a pre-authenticated URL that a caller may ask for, in hours.",
    },
    Setting {
        key: "files.file_bytes",
        kind: Kind::Number { min: 1, max: 10_995_116_277_760 },
        default: "1099511627776",
        doc: "The largest file, in bytes.",
    },
    Setting {
        key: "files.tenant_bytes",
        kind: Kind::Number { min: 0, max: MANY },
        default: "1099511627776",
        doc: "What the files of one tenant may have together, in bytes.",
    },
    Setting {
        key: "files.tenant_files",
        kind: Kind::Number { min: 0, max: MANY },
        default: "1000000",
        doc: "How many files one tenant may have.",
    },
    Setting {
        key: "files.keep_free_bytes",
        kind: Kind::Number { min: 0, max: MANY },
        default: "268435456",
        doc: "What files leave free on the disk for the database and everything else, in bytes.",
    },
    Setting {
        key: "files.tenant_bytes_per_s",
        kind: Kind::Number { min: 0, max: MANY },
        default: "0",
        doc: "How many bytes of one tenant's files are moved a second, in and out together; 0 sets no limit.",
    },
    Setting {
        key: "files.keep_days",
        kind: Kind::Number { min: 0, max: 36_500 },
        default: "0",
        doc: "How long files are kept after they were uploaded, in days; 0 keeps them until somebody removes them.",
    },
    Setting {
        key: "files.transfers",
        kind: Kind::Number { min: 1, max: 100_000 },
        default: "1024",
        doc: "How many files are on their way in at a time, and as many out; more wait for a while.",
    },
    Setting {
        key: "log.format",
        kind: Kind::OneOf(&["text", "json"]),
        default: "text",
        doc: "How the log on stderr is written: text or json.",
    },
    Setting {
        key: "log.level",
        kind: Kind::OneOf(&["error", "warn", "info", "debug", "trace"]),
        default: "info",
        doc: "The least important level that is logged: error, warn, info, debug or trace.",
    },
    Setting {
        key: "http.allow",
        kind: Kind::Networks,
        default: "",
        doc: "Private and loopback networks that `http` tasks may reach; all other private targets are refused.",
    },
    Setting {
        key: "command.user",
        kind: Kind::Text,
        default: "",
        doc: "The operating system user that `command` tasks run as; empty is the server's own.",
    },
    Setting {
        key: "command.roots",
        kind: Kind::Paths,
        default: "",
        doc: "Directories in which the programs of `command` tasks must lie; empty allows any absolute path.",
    },
    Setting {
        key: "command.dir",
        kind: Kind::Path,
        default: "",
        doc: "The directory in which a relative program name is looked up; empty is `commands` in the data directory.",
    },
    Setting {
        key: "command.grace_s",
        kind: Kind::Number { min: 0, max: 3600 },
        default: "10",
        doc: "How long a stopped command may go on after TERM before it gets KILL, in seconds.",
    },
    Setting {
        key: "command.cpu_s",
        kind: Kind::Number { min: 0, max: MANY },
        default: "0",
        doc: "The processor time that each process of a command may use, in seconds; 0 leaves the server's own limit.",
    },
    Setting {
        key: "command.memory_bytes",
        kind: Kind::Number { min: 0, max: MANY },
        default: "0",
        doc: "The address space of each process of a command, in bytes; 0 leaves the server's own limit.",
    },
    Setting {
        key: "command.open_files",
        kind: Kind::Number { min: 0, max: MANY },
        default: "4096",
        doc: "How many files each process of a command may have open; 0 leaves the server's own limit.",
    },
    Setting {
        key: "command.processes",
        kind: Kind::Number { min: 0, max: MANY },
        default: "0",
        doc: "How many processes the commands' user may have, all together; 0 leaves the server's own limit.",
    },
    Setting {
        key: "command.file_bytes",
        kind: Kind::Number { min: 0, max: MANY },
        default: "0",
        doc: "The largest file that a command may write, in bytes; 0 leaves the server's own limit.",
    },
    Setting {
        key: "identity.hash_threads",
        kind: Kind::Number { min: 0, max: 64 },
        default: "0",
        doc: "How many passwords are checked at a time, each with a core and 19 MiB; 0 is half of the cores.",
    },
    Setting {
        key: "identity.access_token_s",
        kind: Kind::Number { min: 60, max: 86_400 },
        default: "3600",
        doc: "How long an access token is valid when nothing else is asked for, in seconds.",
    },
    Setting {
        key: "identity.max_access_token_s",
        kind: Kind::Number { min: 60, max: 31_536_000 },
        default: "31536000",
        doc: "The longest life of an access token that a caller may ask for with a scope, in seconds.",
    },
    Setting {
        key: "identity.master_key_file",
        kind: Kind::Path,
        default: "",
        doc: "A file (mode 0600) with the key that encrypts the files in `keys`; `DAYEND_MASTER_KEY` may hold the key instead.",
    },
    Setting {
        key: "identity.issuers",
        kind: Kind::Issuers,
        default: "",
        doc: "Other issuers whose access tokens are accepted, each a table: `docs/identity/external-issuers.md` explains its keys.",
    },
    Setting {
        key: "identity.unifier_client",
        kind: Kind::Text,
        default: "",
        doc: "The client id of the app for which `/ws/rest/service/v1/oauth/token` issues tokens; empty switches that call off.",
    },
    Setting {
        key: "identity.refresh_token_s",
        kind: Kind::Number { min: 60, max: 31_536_000 },
        default: "604800",
        doc: "The time from a log-in until its refresh tokens end, however often they are exchanged, in seconds.",
    },
    Setting {
        key: "identity.session_s",
        kind: Kind::Number { min: 60, max: 31_536_000 },
        default: "28800",
        doc: "The time from a log-in in the browser until it must be repeated, in seconds.",
    },
    Setting {
        key: "identity.session_idle_s",
        kind: Kind::Number { min: 60, max: 31_536_000 },
        default: "900",
        doc: "How long a log-in in the browser may rest until it must be repeated, in seconds.",
    },
    Setting {
        key: "mail.server",
        kind: Kind::Text,
        default: "",
        doc: "A mail server, such as smtp.bank.example:587, for links to reset passwords; empty sends no mail.",
    },
    Setting {
        key: "mail.from",
        kind: Kind::Text,
        default: "",
        doc: "The address that letters come from, such as `Dayend <dayend@bank.example>`.",
    },
    Setting {
        key: "mail.user",
        kind: Kind::Text,
        default: "",
        doc: "The user name at the mail server; empty logs in nowhere.",
    },
    Setting {
        key: "mail.password_file",
        kind: Kind::Path,
        default: "",
        doc: "A file (mode 0600) with the password of `mail.user`.",
    },
    Setting {
        key: "mail.tls",
        kind: Kind::OneOf(&["starttls", "tls", "none"]),
        default: "starttls",
        doc: "How the connection to the mail server is encrypted: starttls, tls or none.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_are_unique_grouped_by_section_and_explained_in_one_sentence() {
        let mut seen = BTreeSet::new();
        let mut sections: Vec<&str> = Vec::new();
        for setting in SETTINGS {
            assert!(seen.insert(setting.key), "{} is there twice", setting.key);
            assert!(setting.doc.ends_with('.') && !setting.doc.contains('|'), "{}", setting.key);
            let section = setting.key.split_once('.').map_or("", |(section, _)| section);
            if sections.last() != Some(&section) {
                assert!(!sections.contains(&section), "section {section} is scattered");
                sections.push(section);
            }
        }
    }
}
