//! A server with definitions that nobody has seen before, and calls on it in the guide's words.

use crate::outside::chance::Chance;
use crate::outside::curl::{Answer, curl};
use crate::outside::gate::Gate;
use crate::samples::command;
use crate::server_support::{Home, Server, run};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The rates that are built into the binary; the business dates of the tests are theirs.
pub(crate) const RATES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night/data/ecb-rates.csv"));
/// A status that does not come within so many changes never comes.
const CHANGES_AT_MOST: usize = 500;

/// A server, a token, and chance.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) server: Server,
    pub(crate) token: String,
    pub(crate) chance: Chance,
    scratch: TempDir,
}

/// The four ids and the token of a call, to be changed one at a time.
#[derive(Clone)]
pub(crate) struct Headers {
    pub(crate) tenant: String,
    pub(crate) service: String,
    pub(crate) workspace: String,
    pub(crate) user: String,
    pub(crate) token: String,
}

impl Stage {
    /// A server on a fresh data directory, and the token of the app that `init` made.
    pub(crate) fn new() -> Self {
        Self::on(Home::initialised())
    }

    /// The same on a data directory that is prepared already.
    pub(crate) fn on(home: Home) -> Self {
        let server = home.serve(&["--listen", "127.0.0.1:0"]);
        let mut stage = Self {
            home,
            server,
            token: String::new(),
            chance: Chance::new(),
            scratch: tempfile::tempdir().unwrap(),
        };
        stage.token = stage.token_for("grant_type=client_credentials").text("access_token");
        stage
    }

    /// Asks the token endpoint with the app's own credentials.
    pub(crate) fn token_for(&self, form: &str) -> Answer {
        curl(&format!(
            "curl --silent --show-error -i --cacert {} -H 'Authorization: Basic {}' {}/oauth2/v1/token -d '{form}'",
            self.authority(),
            self.basic(),
            self.server.base_url
        ))
    }

    /// Client id and secret as `Basic` wants them.
    pub(crate) fn basic(&self) -> String {
        let (id, secret) = (self.home.get("client_id"), self.home.get("client_secret"));
        STANDARD.encode(format!("{id}:{secret}"))
    }

    pub(crate) fn authority(&self) -> String {
        self.home.get("ca_file")
    }

    /// A directory that the server knows nothing of.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    pub(crate) fn gate(&self, name: &str) -> Gate {
        Gate::new(self.scratch(), name)
    }

    /// One of the business days in the rate history.
    pub(crate) fn date(&mut self) -> String {
        let days: Vec<&str> = RATES.lines().skip(1).map(|row| &row[..10]).collect();
        (*self.chance.pick(&days)).to_owned()
    }

    /// Stores definitions with the command line.
    pub(crate) fn apply(&self, definitions: &str) {
        let file = self.scratch().join("definitions.yaml");
        fs::write(&file, definitions).unwrap();
        self.dayend(&["apply", file.to_str().unwrap()]);
    }

    /// A client command of the binary; it must succeed.
    pub(crate) fn dayend(&self, arguments: &[&str]) -> String {
        let profile = self.home.data().join("profile.json");
        let mut all =
            vec!["--profile", profile.to_str().unwrap(), "--server", &self.server.base_url];
        all.extend(arguments);
        run(&all).ok().to_owned()
    }

    pub(crate) fn headers(&self) -> Headers {
        Headers {
            tenant: self.home.get("tenant"),
            service: self.home.get("service"),
            workspace: self.home.get("workspace"),
            user: self.home.get("user"),
            token: self.token.clone(),
        }
    }

    /// The guide's command for one of the five calls.
    pub(crate) fn command(&self, verb: &str, body: &str, headers: &Headers) -> String {
        let url = format!("SchedulerService/rest-api/v1/external/{verb}");
        let filling = [
            ("<Service ID>", headers.service.as_str()),
            ("<User ID>", &headers.user),
            ("<Tenant ID>", &headers.tenant),
            ("WS001", &headers.workspace),
            ("<BEARER_TOKEN>", &headers.token),
            ("<APPLICATION_BASE_PATH>", &self.server.base_url),
            ("<URL>", &url),
            ("<REQUEST_JSON>", body),
        ];
        command("call.sh", &self.authority(), &filling)
    }

    /// Makes one of the five calls.
    pub(crate) fn call(&self, verb: &str, body: &str) -> Answer {
        curl(&self.command(verb, body, &self.headers()))
    }

    /// Makes a call that must succeed, and gives the run id.
    pub(crate) fn accepted(&self, verb: &str, body: &str) -> String {
        let answer = self.call(verb, body);
        assert_eq!((answer.status, answer.text("statusCode").as_str()), (200, "0"), "{answer:?}");
        answer.text("batchRunId")
    }

    /// Waits by long polls until the run, as `/api/v1` shows it, is as wanted.
    pub(crate) fn until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut seen = String::new();
        for _ in 0..CHANGES_AT_MOST {
            let answer = curl(&format!(
                "curl --silent --show-error -i --max-time 100 --cacert {} -H 'Authorization: Bearer {}' '{}/api/v1/runs/{run}?wait=60{seen}'",
                self.authority(),
                self.token,
                self.server.base_url
            ));
            assert_eq!(answer.status, 200, "{answer:?}");
            let shown = answer.json();
            if wanted(&shown) {
                return shown;
            }
            assert_ne!(shown["terminal"], true, "ended without being as wanted: {shown}");
            seen = format!("&revision={}", shown["revision"]);
        }
        panic!("{run} never became as wanted");
    }

    /// Waits until the run has ended, and gives its state.
    pub(crate) fn ended(&self, run: &str) -> String {
        let shown = self.until(run, |run| run["terminal"] == true);
        shown["status"].as_str().unwrap().to_owned()
    }
}

/// True if the run's task is in this state.
pub(crate) fn task_is(run: &Value, task: &str, status: &str) -> bool {
    let mut tasks = run["tasks"].as_array().unwrap().iter();
    tasks.any(|one| one["code"] == task && one["status"] == status)
}
