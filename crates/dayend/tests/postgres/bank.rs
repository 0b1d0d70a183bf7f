//! A data directory whose database is on a server of its own, and calls on whichever Dayend serves it.

use crate::cluster::Cluster;
use crate::outside::curl::{Answer, curl, try_curl};
use crate::proxy::Proxy;
use crate::server_support::{Home, Said, dayend, run};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A state that does not come within so many changes never comes.
const CHANGES_AT_MOST: usize = 1000;
/// Longer than any recovery may take on a machine that does other things as well.
pub(crate) const RECOVERED_WITHIN: Duration = Duration::from_secs(90);
/// Nobody is kept waiting longer, however busy the machine is.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(25);

/// The database, the data directory, and a place for what no server may touch.
pub(crate) struct Bank {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    pub(crate) home: Home,
    outside: TempDir,
}

/// A server with a token for it; killed when it is dropped.
pub(crate) struct Open<'a> {
    bank: &'a Bank,
    child: Child,
    pub(crate) base_url: String,
    token: String,
}

impl Bank {
    /// A cluster and a directory that is not initialised.
    pub(crate) fn empty() -> Self {
        let cluster = Cluster::start().unwrap();
        let proxy = Proxy::before(cluster.port()).unwrap();
        let bank =
            Self { cluster, proxy, home: Home::empty(), outside: tempfile::tempdir().unwrap() };
        let file = bank.password_file();
        fs::write(&file, format!("{}\n", bank.cluster.password())).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        bank
    }

    /// Everything goes through the proxy.
    pub(crate) fn new() -> Self {
        let bank = Self::empty();
        bank.init(&bank.url()).ok();
        bank
    }

    /// The database's URL by the proxy.
    pub(crate) fn url(&self) -> String {
        let direct = format!(":{}/", self.cluster.port());
        let proxied = format!(":{}/", self.proxy.port());
        format!("{}?sslmode=disable", self.cluster.url().replace(&direct, &proxied))
    }

    pub(crate) fn password_file(&self) -> PathBuf {
        self.outside("password")
    }

    pub(crate) fn init(&self, url: &str) -> Said {
        run(&self.init_arguments(url).iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn init_arguments(&self, url: &str) -> Vec<String> {
        let file = self.password_file();
        let arguments = ["init", "--data", self.home.text(), "--listen", "127.0.0.1:0"];
        let database = ["--database", url, "--database-password-file", file.to_str().unwrap()];
        arguments.into_iter().chain(database).map(str::to_owned).collect()
    }

    /// A file or directory outside the data directory.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// Starts a server on the directory, with more arguments.
    pub(crate) fn serve(&self, more: &[&str]) -> Open<'_> {
        let log = File::options().create(true).append(true).open(self.outside("log")).unwrap();
        let place = ["serve", "--data", self.home.text(), "--listen", "127.0.0.1:0"];
        let mut serve = dayend(&[&place[..], more].concat());
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let base_url = ready.trim_end().strip_prefix("dayend is ready at ");
        let said = || fs::read_to_string(self.outside("log")).unwrap();
        let base_url = base_url.unwrap_or_else(|| panic!("it said: {ready}{}", said())).to_owned();
        let (id, secret) = (self.home.get("client_id"), self.home.get("client_secret"));
        let answer = curl(&format!(
            "curl -i --silent --show-error --cacert {} -u {id}:{secret} {base_url}/oauth2/v1/token -d grant_type=client_credentials",
            self.home.get("ca_file"),
        ));
        Open { bank: self, child, base_url, token: answer.text("access_token") }
    }

    pub(crate) fn open(&self) -> Open<'_> {
        self.serve(&[])
    }

    /// What `audit verify` says of the database.
    pub(crate) fn assert_intact(&self) {
        let said = run(&["audit", "verify", "--data", self.home.text()]);
        assert!(said.ok().ends_with("intact\n"), "{}", said.stdout);
    }

    /// Asks the database until it says so.
    pub(crate) fn until(&self, question: &str, within: Duration) {
        let begun = Instant::now();
        while self.cluster.sql(question).unwrap() != "t" {
            assert!(begun.elapsed() < within, "never: {question}");
        }
    }

    /// No transaction of ours is open and waits for nothing.
    pub(crate) fn assert_no_transaction_is_left(&self) {
        self.until(
            "SELECT COUNT(*) = 0 FROM pg_stat_activity WHERE application_name = 'dayend' AND state LIKE 'idle in transaction%'",
            RECOVERED_WITHIN,
        );
    }

    /// A session that ran `statements`, and keeps what they took until it is dropped.
    pub(crate) fn session(&self, statements: &str) -> Session {
        let mut psql = self.cluster.psql();
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = psql.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // One that was refused takes no input.
        let _ = writeln!(input, "{statements};\n\\echo done");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let connected = said.any(|line| line.is_ok_and(|line| line == "done"));
        Session { child, _input: input, connected }
    }
}

/// A `psql` that waits.
pub(crate) struct Session {
    child: Child,
    _input: std::process::ChildStdin,
    /// The server took it.
    pub(crate) connected: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Open<'_> {
    pub(crate) fn apply_text(&self, definitions: &str) {
        let file = self.bank.outside("definitions.yaml");
        fs::write(&file, definitions).unwrap();
        let profile = self.bank.home.data().join("profile.json");
        let (profile, file) = (profile.to_str().unwrap(), file.to_str().unwrap());
        run(&["--profile", profile, "--server", &self.base_url, "apply", file]).ok();
    }

    /// The command line of one of the five calls, with more options for `curl`.
    pub(crate) fn command(&self, verb: &str, key: &str, body: &str, more: &str) -> String {
        let home = &self.bank.home;
        let headers = [
            ("ofs_tenant_id", home.get("tenant")),
            ("ofs_service_id", home.get("service")),
            ("ofs_workspace_id", home.get("workspace")),
            ("ofs_remote_user", home.get("user")),
            ("Content-Type", "application/json".to_owned()),
            ("Idempotency-Key", key.to_owned()),
        ];
        let headers: Vec<String> =
            headers.iter().map(|(name, value)| format!(" -H '{name}: {value}'")).collect();
        format!(
            "{}{} {more} {}/SchedulerService/rest-api/v1/external/{verb} -d '{body}'",
            self.curl(),
            headers.concat(),
            self.base_url
        )
    }

    /// One of the five calls, answered in time, whatever the answer is: 503 must say when to come again.
    pub(crate) fn call(&self, verb: &str, key: &str, body: &str) -> Answer {
        let begun = Instant::now();
        let answer = try_curl(&self.command(verb, key, body, ""));
        let answer = answer.unwrap_or_else(|| panic!("no answer to {verb} {key} {body}"));
        let took = begun.elapsed();
        assert!(took < ANSWERED_WITHIN, "{verb} was answered only after {took:?}: {answer:?}");
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
        answer
    }

    /// A page of `/api/v1` or another path.
    pub(crate) fn get(&self, path: &str) -> Answer {
        curl(&format!("{} '{}{path}'", self.curl(), self.base_url))
    }

    /// Waits by long polls until the run is as wanted.
    pub(crate) fn until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut revision = String::new();
        for _ in 0..CHANGES_AT_MOST {
            let answer = self.get(&format!("/api/v1/runs/{run}?wait=60{revision}"));
            if answer.status == 503 {
                // The database may just be coming back.
                continue;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
            let shown = answer.json();
            if wanted(&shown) {
                return shown;
            }
            assert_ne!(shown["terminal"], true, "ended without being as wanted: {shown}");
            revision = format!("&revision={}", shown["revision"]);
        }
        panic!("the run {run} never became as wanted");
    }

    /// Waits until the run has ended, and gives it.
    pub(crate) fn ended(&self, run: &str) -> Value {
        self.until(run, |run| run["terminal"] == true)
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn terminate(mut self) -> i32 {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    fn curl(&self) -> String {
        format!(
            "curl -i --silent --show-error --max-time 100 --cacert {} -H 'Authorization: Bearer {}'",
            self.bank.home.get("ca_file"),
            self.token
        )
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number from the environment: how long a test is.
pub(crate) fn times(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |told| told.parse().unwrap())
}

/// The lines of a file; none if it is not there.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
