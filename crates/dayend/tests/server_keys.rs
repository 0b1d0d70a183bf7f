//! The signing keys of a real server: rotated and retired while it runs, encrypted at rest, looked at in the audit.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod server_support;

use serde_json::Value;
use server_support::{Home, Server, run, run_with};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// A running server looks at its keys every 2 seconds; a busy machine takes its time.
const LOOKS_MAX: usize = 600;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn keys_are_rotated_and_retired_under_a_running_server_and_the_audit_knows() {
    let home = Home::initialised();
    let server = home.serve(&[]);
    let night = Night { home: &home, server: &server };
    let old = night.token().await;
    assert_eq!(
        (kid_of(&old), night.published().await),
        ("SIGNING_KEY".into(), vec!["SIGNING_KEY".into()])
    );

    let said = night.keys(&["rotate", "--in", "3600"]);
    assert_eq!(said["kid"], "SIGNING_KEY_2");
    night.until(async || night.published().await.len() == 2).await;
    assert_eq!(kid_of(&night.token().await), "SIGNING_KEY", "the next key is published first");

    night.keys(&["rotate", "--now"]);
    night.until(async || kid_of(&night.token().await) == "SIGNING_KEY_2").await;
    let new = night.token().await;
    for token in [&old, &new] {
        assert_eq!(night.asks(token).await, 200);
    }
    let keys = night.keys(&["list"]);
    let states: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["verifying", "signing"]);

    let refused = night.keys_say(&["retire", "SIGNING_KEY_2", "--now"]);
    assert_eq!(
        refused.failed_with(8),
        "dayend: SIGNING_KEY_2 signs tokens, or will soon: rotate first"
    );
    night.keys(&["retire", "SIGNING_KEY", "--now"]);
    night.until(async || night.asks(&old).await == 401).await;
    assert_eq!(night.asks(&new).await, 200);
    assert_eq!(night.published().await, ["SIGNING_KEY_2"]);

    let address = format!("127.0.0.1:{}", server.port());
    drop(server);
    let server = home.serve(&["--listen", &address]);
    let night = Night { home: &home, server: &server };
    assert_eq!((night.asks(&old).await, night.asks(&new).await), (401, 200));
    drop(server);
    let audit = run(&["audit", "verify", "--data", home.text()]);
    audit.ok();
    assert_eq!(recorded(&home), ["rotate", "rotate", "retire"]);
}

#[tokio::test]
async fn a_change_of_the_keys_while_no_server_runs_is_recorded_at_once() {
    let home = Home::initialised();
    run(&["admin", "keys", "rotate", "--now", "--data", home.text()]).ok();
    assert_eq!(recorded(&home), ["rotate"]);
    let list = run(&["admin", "keys", "list", "--data", home.text()]);
    let lines: Vec<_> = list.ok().lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(lines, ["SIGNING_KEY", "SIGNING_KEY_2", "the key files are not encrypted"]);
}

#[tokio::test]
async fn keys_are_encrypted_at_rest_and_a_wrong_or_missing_master_key_stops_the_start() {
    let home = Home::initialised();
    let master = |name: &str, digit: &str| {
        let path = home.data().with_file_name(name);
        fs::write(&path, digit.repeat(64)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let (first, second) = (master("first", "1"), master("second", "2"));
    let with =
        |key: &str, arguments: &[&str]| run_with(&[("DAYEND_MASTER_KEY_FILE", key)], arguments);
    let data = ["--data", home.text()];
    let serve = ["serve", "--data", home.text()];
    let server = home.serve(&[]);
    let address = format!("127.0.0.1:{}", server.port());
    let signed = Night { home: &home, server: &server }.token().await;
    drop(server);
    // The base URL is the issuer: tokens are good for as long as it stays the same.
    let listen = ["--listen", address.as_str()];

    let plain = with(&first, &serve);
    assert!(plain.failed_with(11).ends_with("run `dayend admin keys encrypt`"), "{}", plain.stderr);
    with(&first, &[&["admin", "keys", "encrypt"][..], &data].concat()).ok();
    assert!(!secrets(&home).iter().any(|bytes| contains(bytes, b"PRIVATE KEY")));
    let before = secrets(&home);
    assert!(run(&serve).failed_with(11).contains("identity.master_key_file"));
    assert!(with(&second, &serve).failed_with(11).contains("cannot be decrypted"));
    assert_eq!(secrets(&home), before, "nothing was overwritten");

    let rewrap = ["admin", "keys", "rewrap", "--to", &second];
    with(&first, &[&rewrap[..], &data].concat()).ok();
    let settings = home.data().join("dayend.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let configured = format!("[identity]\nmaster_key_file = \"{second}\"\n");
    fs::write(&settings, text.replace("[identity]\n", &configured)).unwrap();
    let server = home.serve(&listen);
    let night = Night { home: &home, server: &server };
    assert_eq!(night.asks(&signed).await, 200, "the keys are still the same");
    night.keys(&["rotate", "--now"]);
    night.until(async || kid_of(&night.token().await) == "SIGNING_KEY_2").await;
    assert!(!secrets(&home).iter().any(|bytes| contains(bytes, b"PRIVATE KEY")));
    drop(server);
    fs::set_permissions(&second, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(run(&serve).failed_with(2).contains("can be read by others"));
    fs::set_permissions(&second, fs::Permissions::from_mode(0o600)).unwrap();
    run(&[&["admin", "keys", "decrypt"][..], &data].concat()).ok();
    fs::write(&settings, text).unwrap();
    let server = home.serve(&listen);
    assert_eq!(Night { home: &home, server: &server }.asks(&signed).await, 200);
    drop(server);
    assert_eq!(recorded(&home), ["encrypt", "rewrap", "rotate", "decrypt"]);
}

#[tokio::test]
async fn init_encrypts_from_the_beginning_if_it_is_told_the_master_key() {
    let home = Home::empty();
    let key = ("DAYEND_MASTER_KEY", "ab".repeat(32));
    let init = ["init", "--data", home.text(), "--listen", "127.0.0.1:0"];
    run_with(&[(key.0, &key.1)], &init).ok();
    assert!(!secrets(&home).iter().any(|bytes| contains(bytes, b"PRIVATE KEY")));
    assert_eq!(run(&["serve", "--data", home.text()]).code, 11);
    let bad = run_with(&[(key.0, "short")], &["serve", "--data", home.text()]);
    assert!(bad.failed_with(2).starts_with("dayend: DAYEND_MASTER_KEY holds no master key"));
}

#[tokio::test]
async fn a_key_directory_that_others_can_enter_stops_the_start() {
    let home = Home::initialised();
    fs::set_permissions(home.data().join("keys"), fs::Permissions::from_mode(0o755)).unwrap();
    let said = run(&["serve", "--data", home.text()]);
    assert!(said.failed_with(11).contains("run `chmod 700` on it"), "{}", said.stderr);
}

/// A server with its home.
struct Night<'a> {
    home: &'a Home,
    server: &'a Server,
}

impl Night<'_> {
    async fn token(&self) -> String {
        let url = format!("{}/oauth2/v1/token", self.server.base_url);
        let request = self.home.client().post(url).form(&[("grant_type", "client_credentials")]);
        let (id, secret) = (self.home.get("client_id"), self.home.get("client_secret"));
        let answer = request.basic_auth(id, Some(secret)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The status of a call with this token.
    async fn asks(&self, token: &str) -> u16 {
        let url = format!("{}/api/v1/runs", self.server.base_url);
        let request = self.home.client().get(url).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    /// The names of the published keys.
    async fn published(&self) -> Vec<String> {
        let url = format!("{}/admin/v1/SigningCert/jwk", self.server.base_url);
        let set: Value = self.home.client().get(url).send().await.unwrap().json().await.unwrap();
        let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
        set["keys"].as_array().unwrap().iter().map(kid).collect()
    }

    fn keys_say(&self, arguments: &[&str]) -> server_support::Said {
        run(&[&["--json", "admin", "keys"], arguments, &["--data", self.home.text()]].concat())
    }

    fn keys(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(self.keys_say(arguments).ok()).unwrap()
    }

    async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let mut often = tokio::time::interval(LOOK_EVERY);
        for _ in 0..LOOKS_MAX {
            often.tick().await;
            if is_so().await {
                return;
            }
        }
        panic!("it never came about");
    }
}

/// What the audit says was done to the keys.
fn recorded(home: &Home) -> Vec<String> {
    let mut command = std::process::Command::new("sqlite3");
    let query = "select detail from history where event = 'signing-key' order by rowid";
    let said = command.arg(home.data().join("dayend.db")).arg(query).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let action = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["action"].as_str().unwrap().to_owned()
    };
    text.lines().map(action).collect()
}

fn secrets(home: &Home) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(home.data().join("keys")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}

fn kid_of(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}
