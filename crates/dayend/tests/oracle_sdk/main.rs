//! The admin API with a client that nobody here wrote: Oracle's own SDK, over TLS.

#[path = "../server_support/mod.rs"]
mod server_support;

use dayend_testkit::python;
use serde_json::Value;
use server_support::Home;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn oracles_sdk_administers_apps_users_groups_and_grants() {
    let home = Home::initialised();
    let server = home.serve(&[]);
    let (user, password) = (home.get("user"), home.get("password"));
    let form = [
        ("grant_type", "password"),
        ("username", user.as_str()),
        ("password", &password),
        ("scope", "urn:opc:idm:__myscopes__"),
    ];
    let request = home.client().post(format!("{}/oauth2/v1/token", server.base_url)).form(&form);
    let request = request.basic_auth(home.get("client_id"), Some(home.get("client_secret")));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let output = Command::new(python::interpreter())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle_sdk/admin.py"))
        .args([&server.base_url, &home.get("ca_file"), answer["access_token"].as_str().unwrap()])
        .arg("a passphrase that is long")
        .env_clear()
        .env("HOME", home.data())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let mistakes = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{mistakes}");
    assert_eq!(said, "all is as it should be\n");
}
