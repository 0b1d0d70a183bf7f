//! One server with two tenants, whose batch has the same code and another name.

use crate::server_support::{Home, dayend, run, run_with_input};
use crate::wire::{Reply, Wire};
use rustix::process::Pid;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};

/// The second tenant.
pub(crate) const SECOND: &str = "second";
const PASSWORD: &str = "a passphrase that is long";

/// A server that is killed when it is dropped.
pub(crate) struct House {
    home: Home,
    child: Child,
    pub(crate) address: SocketAddr,
    /// `init`'s tenant, and [`SECOND`].
    pub(crate) tenants: [Tenant; 2],
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) name: String,
    client_id: String,
    client_secret: String,
    user: String,
    token: String,
}

impl House {
    /// Makes a data directory and serves it with some `limits` set, over plain HTTP: TLS would only slow the callers down.
    pub(crate) async fn open(limits: &[(&str, &str)]) -> Self {
        let home = Home::initialised();
        let second = second_tenant(&home);
        let first = Tenant {
            name: home.get("tenant"),
            client_id: home.get("client_id"),
            client_secret: home.get("client_secret"),
            user: home.get("user"),
            token: String::new(),
        };
        let log = File::create(home.data().join("work/log")).unwrap();
        let mut serve =
            dayend(&["serve", "--data", home.text(), "--listen", "127.0.0.1:0", "--plain-http"]);
        for (name, value) in limits {
            serve.env(format!("DAYEND_LIMITS_{name}"), value);
        }
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let address = ready.trim_end().strip_prefix("dayend is ready at http://");
        let address = address.unwrap_or_else(|| panic!("the server said: {ready}"));
        let address = address.parse().unwrap();
        let mut house = Self { home, child, address, tenants: [first, second] };
        for tenant in &mut house.tenants {
            tenant.log_in(address).await;
            tenant.define(address).await;
        }
        house
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire::connect(self.address).await.unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, request: &[u8]) -> Reply {
        self.connect().await.ask(request).await.unwrap()
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.home.data().join("work/log")
    }

    /// Stops the server; what it leaves behind must be sound.
    pub(crate) fn close(mut self) {
        rustix::process::kill_process(self.pid(), rustix::process::Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let said = run(&["audit", "verify", "--data", self.home.text()]);
        assert!(said.ok().ends_with("intact\n"), "{}", said.stdout);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn second_tenant(home: &Home) -> Tenant {
    let admin = |arguments: &[&str]| {
        let place = ["--data", home.text(), "--tenant", SECOND];
        let said = run(&[&["--json", "admin"], arguments, &place].concat());
        serde_json::from_str::<Value>(said.ok()).unwrap()
    };
    admin(&["scope", "add", "--service", "OFS_DAYEND", "--workspace", "WS001"]);
    let user =
        ["admin", "user", "add", "night", "--password-stdin", "--data", home.text(), "--tenant"];
    run_with_input(&[&user[..], &[SECOND]].concat(), &format!("{PASSWORD}\n")).ok();
    let app = admin(&["app", "add", "Scheduler", "--grants", "client_credentials,password"]);
    let text = |key: &str| app[key].as_str().unwrap().to_owned();
    let (client_id, client_secret) = (text("client_id"), text("client_secret"));
    let functions = ["--functions", "BATCH_VIEW,BATCH_EXEC,BATCH_MOD,IMPERSONATE"];
    admin(&[&["grant", "--user", "night"], &functions[..]].concat());
    admin(&[&["grant", "--app", client_id.as_str()], &functions[..]].concat());
    let user = "night".to_owned();
    Tenant { name: SECOND.to_owned(), client_id, client_secret, user, token: String::new() }
}

impl Tenant {
    async fn log_in(&mut self, address: SocketAddr) {
        let form = "grant_type=client_credentials".to_owned();
        let reply = Wire::connect(address).await.unwrap().ask(&self.log_in_with(&form)).await;
        self.token = reply.unwrap().text("access_token");
    }

    /// A request for a token.
    pub(crate) fn log_in_with(&self, form: &str) -> Vec<u8> {
        let form =
            format!("{form}&client_id={}&client_secret={}", self.client_id, self.client_secret);
        format!(
            "POST /oauth2/v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        )
        .into_bytes()
    }

    async fn define(&self, address: SocketAddr) {
        let text = format!(
            "apiVersion: dayend/v1\nkind: Batch\ncode: SAME\nname: canary of {}\ntasks: [{{ code: T1, noop: {{}} }}]\n",
            self.name
        );
        let body = json!({ "files": [{ "name": "same.yaml", "text": text }] }).to_string();
        let request = self.request("POST", "/api/v1/definitions", &[], &body);
        let reply = Wire::connect(address).await.unwrap().ask(&request).await.unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// A trigger of the batch.
    pub(crate) fn trigger(&self, key: &str) -> Vec<u8> {
        let key = (!key.is_empty()).then_some(("Idempotency-Key", key));
        let body = r#"{"batchName": "SAME", "batchType": "rest"}"#;
        self.call("trigger", &key.into_iter().collect::<Vec<_>>(), body)
    }

    /// The status of a run.
    pub(crate) fn status(&self, run: &str) -> Vec<u8> {
        self.call("status", &[], &json!({ "batchRunId": run }).to_string())
    }

    /// One of the five calls.
    pub(crate) fn call(&self, verb: &str, more: &[(&str, &str)], body: &str) -> Vec<u8> {
        let path = format!("/SchedulerService/rest-api/v1/external/{verb}");
        self.request("POST", &path, more, body)
    }

    /// Any request of the tenant's app; what stands in `more` wins.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.token);
        let length = body.len().to_string();
        let usual = [
            ("Host", "x"),
            ("Authorization", bearer.as_str()),
            ("ofs_tenant_id", self.name.as_str()),
            ("ofs_service_id", "OFS_DAYEND"),
            ("ofs_workspace_id", "WS001"),
            ("ofs_remote_user", self.user.as_str()),
            ("Content-Type", "application/json"),
            ("Content-Length", length.as_str()),
        ];
        let usual = usual.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let headers: Vec<String> =
            usual.chain(more).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = headers.concat();
        format!("{method} {path} HTTP/1.1\r\n{headers}\r\n{body}").into_bytes()
    }
}
