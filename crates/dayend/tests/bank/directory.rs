//! A data directory that outlives its servers, and calls on whichever serves it now.

use crate::bank::process::Process;
use crate::outside::curl::{Answer, curl, try_curl};
use crate::server_support::{Home, Said, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night");
/// A state that does not come within so many changes never comes.
const CHANGES_AT_MOST: usize = 1000;
/// How long a server may take to be ready, whatever happened to the one before, and however busy the machine is.
const READY_WITHIN: Duration = Duration::from_secs(40);

/// The data directory, and a place for what no server may touch.
pub(crate) struct Bank {
    pub(crate) home: Home,
    outside: TempDir,
}

/// A server with a token for it.
pub(crate) struct Open<'a> {
    bank: &'a Bank,
    pub(crate) server: Process,
    /// How long it took to be ready.
    pub(crate) ready_after: Duration,
    token: String,
}

impl Bank {
    pub(crate) fn new() -> Self {
        Self::of(Home::initialised())
    }

    /// One with a data directory that is there, or will be.
    pub(crate) fn of(home: Home) -> Self {
        Self { home, outside: tempfile::tempdir().unwrap() }
    }

    /// A file or directory outside the data directory.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    /// The sample night's own witness.
    pub(crate) fn night_witness(&self) -> PathBuf {
        self.work().join("night/witness.log")
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.home.data().join("work")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.home.data().join("dayend.db")
    }

    /// Starts a server; it must be ready soon.
    pub(crate) fn open(&self) -> Open<'_> {
        let open = self.try_open(&[]).unwrap_or_else(|| {
            panic!("no server: {:?}", lines(&self.outside("log")).last());
        });
        assert!(open.ready_after < READY_WITHIN, "ready only after {:?}", open.ready_after);
        open
    }

    /// Starts a server under another program; nothing if it was gone before it could be asked for anything.
    pub(crate) fn try_open(&self, wrapper: &[String]) -> Option<Open<'_>> {
        let begun = Instant::now();
        let server = Process::try_serve(wrapper, self.home.text(), &self.outside("log"))?;
        let ready_after = begun.elapsed();
        let token = self.ask_for_token(&server)?.text("access_token");
        Some(Open { bank: self, server, ready_after, token })
    }

    /// What a server says to the app that asks for a token; nothing if it was gone by then.
    pub(crate) fn ask_for_token(&self, server: &Process) -> Option<Answer> {
        let (id, secret) = (self.home.get("client_id"), self.home.get("client_secret"));
        try_curl(&format!(
            "curl -i --silent --show-error --max-time 60 --cacert {} -u {id}:{secret} {}/oauth2/v1/token -d grant_type=client_credentials",
            self.home.get("ca_file"),
            server.base_url
        ))
    }

    /// What the database consists of, and the directory that names it.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let named = ["dayend.db", "dayend.db-wal"].map(|name| self.home.data().join(name));
        named.into_iter().chain([self.home.data()]).collect()
    }

    /// What `audit verify` says of the directory, which nobody serves.
    pub(crate) fn assert_intact(&self) {
        let said = run(&["audit", "verify", "--data", self.home.text()]);
        assert!(said.ok().ends_with("intact\n"), "{}", said.stdout);
    }

    /// Repairs the mistyped amount of the sample night.
    pub(crate) fn repair(&self, date: &str) {
        let work = self.work();
        run(&["sample", "repair", "--work", work.to_str().unwrap(), "--mis-date", date]).ok();
    }
}

impl Open<'_> {
    /// Stores definitions: those of a file or directory.
    pub(crate) fn apply(&self, path: &str) {
        self.ask(&["apply", path]).ok();
    }

    /// Runs a command of the client.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Said {
        let profile = self.bank.home.data().join("profile.json");
        let mut all = vec!["--profile", profile.to_str().unwrap()];
        all.extend(["--server", &self.server.base_url]);
        all.extend(arguments);
        run(&all)
    }

    /// The sample night, and the files that it waits for.
    pub(crate) fn apply_night(&self, date: &str) {
        self.apply(EXAMPLE);
        for (name, file) in [("rates", "ecb-rates.csv"), ("positions", "positions.csv")] {
            let path = format!("files/in/{name}-{date}.csv");
            let put = self.try_api(&path, &format!("-T '{EXAMPLE}/data/{file}'"));
            assert_eq!(put.map(|answer| answer.status), Some(200), "{path}");
        }
    }

    pub(crate) fn apply_text(&self, definitions: &str) {
        let file = self.bank.outside("definitions.yaml");
        fs::write(&file, definitions).unwrap();
        self.apply(file.to_str().unwrap());
    }

    /// A request to `/api/v1`, with more arguments for `curl`; nothing if the server was gone before it had answered.
    pub(crate) fn try_api(&self, path: &str, more: &str) -> Option<Answer> {
        try_curl(&format!("{} '{}/api/v1/{path}' {more}", self.curl(), self.server.base_url))
    }

    /// The status of a request without a token, such as `/ready`.
    pub(crate) fn probe(&self, path: &str) -> u16 {
        curl(&format!("{} {}{path}", self.curl(), self.server.base_url)).status
    }

    /// One of the five calls; nothing if the server was gone before it had answered.
    pub(crate) fn try_call(&self, verb: &str, key: &str, body: &str) -> Option<Answer> {
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
        try_curl(&format!(
            "{}{} {}/SchedulerService/rest-api/v1/external/{verb} -d '{body}'",
            self.curl(),
            headers.concat(),
            self.server.base_url
        ))
    }

    /// A call that must be accepted; gives the run id.
    pub(crate) fn call(&self, verb: &str, key: &str, body: &str) -> String {
        let answer = self.try_call(verb, key, body).expect("the server answers");
        accepted(&answer)
    }

    /// Restarts a run.
    pub(crate) fn restart(&self, key: &str, run: &str) {
        self.call("restart", key, &about(run));
    }

    /// The run as `/api/v1` shows it, now or at its next change.
    fn try_show(&self, run: &str, more: &str) -> Option<Value> {
        let answer = self.try_api(&format!("runs/{run}?wait=60{more}"), "")?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Some(answer.json())
    }

    /// Waits by long polls until the run is as wanted; nothing if the server was gone before.
    pub(crate) fn try_until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut shown = self.try_show(run, "")?;
        for _ in 0..CHANGES_AT_MOST {
            if wanted(&shown) {
                return Some(shown);
            }
            assert_ne!(shown["terminal"], true, "ended without being as wanted: {shown}");
            shown = self.try_show(run, &format!("&revision={}", shown["revision"]))?;
        }
        panic!("the run never became as wanted: {shown}");
    }

    /// Waits by long polls until the run is as wanted.
    pub(crate) fn until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.try_until(run, wanted).expect("the server answers")
    }

    /// Waits until the run has ended, and gives it.
    pub(crate) fn ended(&self, run: &str) -> Value {
        self.until(run, |run| run["terminal"] == true)
    }

    fn curl(&self) -> String {
        format!(
            "curl -i --silent --show-error --max-time 100 --cacert {} -H 'Authorization: Bearer {}'",
            self.bank.home.get("ca_file"),
            self.token
        )
    }
}

/// The run id of an answer that says yes.
pub(crate) fn accepted(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.text("statusCode").as_str()), (200, "0"), "{answer:?}");
    answer.text("batchRunId")
}

/// The body of `interrupt`, `restart` and `rerun`. A run id is read from the right.
pub(crate) fn about(run: &str) -> String {
    let code = run.rsplitn(4, '_').nth(3).unwrap();
    format!(r#"{{"batchName": "{code}", "batchRunId": "{run}"}}"#)
}

/// The state of a run.
pub(crate) fn status(run: &Value) -> &str {
    run["status"].as_str().unwrap()
}

/// The lines of a file; none if it is not there.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
