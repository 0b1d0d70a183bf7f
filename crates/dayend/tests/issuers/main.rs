//! A real server accepts the tokens of an issuer that nobody here wrote.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test's helpers fail by panicking, and tokens are dated by the machine's clock"
)]

#[path = "../server_support/mod.rs"]
mod server_support;

use dayend_testkit::python;
use reqwest::StatusCode;
use serde_json::{Value, json};
use server_support::{Home, Server, run};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

#[tokio::test]
async fn tokens_of_another_issuer_let_in_whom_the_settings_name_and_nobody_else() {
    let home = Home::initialised();
    let issuer = Issuer::start();
    run(&["admin", "user", "add", "maria", "--data", home.text()]).ok();
    run(&["admin", "grant", "--user", "maria", "--functions", "BATCH_VIEW", "--data", home.text()])
        .ok();
    run(&["admin", "user", "add", "gone", "--data", home.text()]).ok();
    run(&["admin", "user", "disable", "gone", "--data", home.text()]).ok();
    let house = House::trusting(&home, &issuer.base_url);
    let definition = House::definition();

    for alg in ["RS256", "ES256"] {
        let maria = issuer.token(alg, &json!({ "preferred_username": "maria" })).await;
        assert_eq!(house.runs(&maria).await, 200, "{alg}: the user of that name, with her grants");
        assert_eq!(house.apply(&maria, definition).await, 403, "{alg}: and no others");
    }
    let by_role = issuer
        .token("RS256", &json!({ "preferred_username": "paula", "roles": ["designer", "cook"] }))
        .await;
    assert_eq!(house.apply(&by_role, definition).await, 200, "nobody here, but with a role");
    let own = json!({ "sub": "nightly", "client_id": "nightly", "roles": ["designer"] });
    assert_eq!(house.apply(&issuer.token("RS256", &own).await, definition).await, 200);
    let no_role = issuer.token("RS256", &json!({ "preferred_username": "paula" })).await;
    assert_eq!(house.runs(&no_role).await, 403);
    for (name, claims) in [
        ("for somebody else", json!({ "preferred_username": "maria", "aud": "another-api" })),
        ("expired", json!({ "preferred_username": "maria", "exp": 1_700_000_000 })),
        ("switched off here", json!({ "preferred_username": "gone", "roles": ["designer"] })),
        ("an ID token", json!({ "preferred_username": "maria", "nonce": "x" })),
        (
            "of our own issuer",
            json!({ "preferred_username": "maria", "iss": house.server.base_url }),
        ),
    ] {
        let token = issuer.token("RS256", &claims).await;
        assert_eq!(house.runs(&token).await, 401, "{name}");
    }
    let runs = issuer.token("RS256", &json!({ "preferred_username": "maria" })).await;
    let base_url = issuer.base_url.clone();
    drop(issuer);
    assert_eq!(house.runs(&runs).await, 200, "{base_url} is away, and what was known goes on");
}

#[tokio::test]
async fn a_key_set_on_a_private_address_is_not_fetched_unless_it_is_allowed() {
    let home = Home::initialised();
    let issuer = Issuer::start();
    run(&["admin", "user", "add", "maria", "--data", home.text()]).ok();
    let house = House::with(&home, &issuer.base_url, "[]");
    let token = issuer.token("RS256", &json!({ "preferred_username": "maria" })).await;
    assert_eq!(house.runs(&token).await, 401);
}

#[test]
fn an_issuer_that_is_set_wrongly_stops_the_start_with_the_reason() {
    let home = Home::initialised();
    let text = fs::read_to_string(home.data().join("dayend.toml")).unwrap();
    for (table, reason) in [
        ("name = \"x\"", "missing field `issuer`"),
        (
            "name = \"x\"\nissuer = \"http://bank.example\"\naudience = [\"a\"]\ntenant = \"t\"",
            "no https URL",
        ),
        (
            "name = \"x\"\nissuer = \"https://bank.example\"\naudience = [\"a\"]\ntenant = \"t\"\nkeys = 1",
            "unknown field `keys`",
        ),
        (
            "name = \"x\"\nissuer = \"https://bank.example\"\naudience = [\"a\"]\ntenant = \"t\"\nalgorithms = [\"none\"]",
            "RS256, PS256 or ES256",
        ),
    ] {
        let path = home.data().join("dayend.toml");
        fs::write(&path, format!("{text}\n[[identity.issuers]]\n{table}\n")).unwrap();
        let said = run(&["serve", "--data", home.text()]);
        assert!(said.failed_with(2).contains(reason), "{}", said.stderr);
    }
}

struct House {
    home_client: reqwest::Client,
    server: Server,
    scope: [(&'static str, String); 3],
}

impl House {
    fn trusting(home: &Home, issuer: &str) -> Self {
        Self::with(home, issuer, "[\"127.0.0.1/32\"]")
    }

    fn with(home: &Home, issuer: &str, allow: &str) -> Self {
        let path = home.data().join("dayend.toml");
        let text = fs::read_to_string(&path).unwrap();
        let tenant = home.get("tenant");
        let text = text.replace("[http]\n", &format!("[http]\nallow = {allow}\n"));
        let table = format!(
            "\n[[identity.issuers]]\nname = \"login\"\nissuer = \"{issuer}\"\naudience = [\"api://dayend\"]\n\
             algorithms = [\"RS256\", \"ES256\"]\ntenant = \"{tenant}\"\nuser_claim = \"preferred_username\"\n\
             roles_claim = \"roles\"\nroles = {{ designer = [\"BATCH_VIEW\", \"BATCH_MOD\"] }}\n"
        );
        fs::write(&path, text + &table).unwrap();
        let shown = run(&["config", "check", "--data", home.text()]);
        assert!(shown.ok().contains("name = \"login\""), "{}", shown.stdout);
        let scope = ["service", "workspace", "tenant"].map(|key| (key, home.get(key)));
        Self { home_client: home.client(), server: home.serve(&[]), scope }
    }

    fn definition() -> &'static str {
        "apiVersion: dayend/v1\nkind: Batch\ncode: FROM_OUTSIDE\ntasks: [{ code: A, noop: {} }]\n"
    }

    async fn runs(&self, token: &str) -> StatusCode {
        let request = self.home_client.get(format!("{}/api/v1/runs", self.server.base_url));
        self.sent(request, token).await
    }

    async fn apply(&self, token: &str, definition: &str) -> StatusCode {
        let url = format!("{}/api/v1/definitions", self.server.base_url);
        let body = json!({ "files": [{ "name": "outside.yaml", "text": definition }] });
        self.sent(self.home_client.post(url).json(&body), token).await
    }

    async fn sent(&self, mut request: reqwest::RequestBuilder, token: &str) -> StatusCode {
        for (name, value) in &self.scope {
            request = request.header(format!("ofs_{name}_id"), value);
        }
        request.bearer_auth(token).send().await.unwrap().status()
    }
}

/// The issuer's process.
struct Issuer {
    child: Child,
    base_url: String,
    _said: BufReader<ChildStdout>,
}

impl Issuer {
    fn start() -> Self {
        let mut command = Command::new(python::interpreter());
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/issuers/provider.py"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut base_url = String::new();
        said.read_line(&mut base_url).unwrap();
        Self { child, base_url: base_url.trim().to_owned(), _said: said }
    }

    /// A token that the issuer signs; `more` replaces what is usual.
    async fn token(&self, alg: &str, more: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.base_url, "aud": ["api://dayend"], "sub": "f00-1", "azp": "portal", "iat": now, "exp": now + 3600,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let asked = json!({ "alg": alg, "claims": claims });
        let request = reqwest::Client::new().post(format!("{}/mint", self.base_url));
        let body = request.body(asked.to_string()).send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
