//! `docs/identity/`: every command of the pages, in its order, against the real server.

use crate::pages::{exports, run_page};
use crate::server_support::{Home, run, run_with};
use crate::stage::Stage;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const PAGES: [(&str, &str); 7] = [
    ("client-authentication", include_str!("../../../../docs/identity/client-authentication.md")),
    ("client-credentials", include_str!("../../../../docs/identity/client-credentials.md")),
    ("password", include_str!("../../../../docs/identity/password.md")),
    ("refresh-token", include_str!("../../../../docs/identity/refresh-token.md")),
    ("scopes", include_str!("../../../../docs/identity/scopes.md")),
    ("introspect-and-revoke", include_str!("../../../../docs/identity/introspect-and-revoke.md")),
    ("moving", include_str!("../../../../docs/identity/moving.md")),
];
const UNIFIER: &str = include_str!("../../../../docs/identity/unifier.md");
const KEYS: &str = include_str!("../../../../docs/identity/keys.md");

#[test]
fn the_commands_of_the_pages_about_tokens_answer_as_the_pages_say() {
    let stage = Stage::new();
    let script = of_stage(&stage);
    let compared: usize = PAGES.iter().map(|(name, page)| run_page(name, page, &script)).sum();
    assert!(compared >= 12, "the pages have lost their samples: {compared} are left");
}

#[test]
fn the_page_about_unifiers_call_is_true_once_the_call_is_switched_on() {
    let home = Home::initialised();
    let settings = home.data().join("dayend.toml");
    let toml = fs::read_to_string(&settings).unwrap();
    let client = format!("[identity]\nunifier_client = \"{}\"\n", home.get("client_id"));
    fs::write(&settings, toml.replace("[identity]\n", &client)).unwrap();
    let stage = Stage::on(home);
    assert_eq!(run_page("unifier", UNIFIER, &of_stage(&stage)), 3);
}

#[test]
fn the_commands_of_the_page_about_keys_rotate_retire_and_encrypt_them_under_a_running_server() {
    let stage = Stage::new();
    let master = stage.scratch().join("master").display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_dayend")).parent().unwrap().display().to_string();
    let variables = exports(&[("DAYEND_DATA", stage.home.text()), ("MASTER", &master)]);
    let script = format!("{variables}export PATH=\"{program}:$PATH\"\n");
    run_page("keys", KEYS, &script);

    let listed = ["admin", "keys", "list", "--json", "--data", stage.home.text()];
    let said = run_with(&[("DAYEND_MASTER_KEY_FILE", &master)], &listed);
    let keys: Value = serde_json::from_str(said.ok()).unwrap();
    let listed_keys: Vec<_> = keys["keys"].as_array().unwrap().iter().collect();
    assert_eq!(listed_keys.len(), 1, "the retired key is gone with the next change: {keys}");
    assert_eq!(
        (&listed_keys[0]["kid"], &listed_keys[0]["state"]),
        (&json!("SIGNING_KEY_2"), &json!("signing"))
    );
    let pem = fs::read(stage.home.data().join("keys/signing-2.key")).unwrap();
    assert!(!pem.starts_with(b"-----BEGIN"), "the key is not encrypted");
    assert_ne!(run(&listed).code, 0, "without the master key it is worth nothing");
}

fn of_stage(stage: &Stage) -> String {
    let password = stage.home.get("password");
    exports(&[
        ("BASE", &stage.server.base_url),
        ("CA", &stage.authority()),
        ("CLIENT_ID", &stage.home.get("client_id")),
        ("CLIENT_SECRET", &stage.home.get("client_secret")),
        ("USER_NAME", &stage.home.get("user")),
        ("USER_PASSWORD", &password),
        ("PASSWORD", &password),
    ])
}
