//! `dayend init` and `dayend config check`.

mod server_support;

use serde_json::Value;
use server_support::{Home, dayend, run, walk};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

#[test]
fn init_prints_one_json_object_with_these_keys_and_writes_it_as_the_profile() {
    let home = Home::empty();
    let said = run(&["init", "--data", home.text(), "--json"]);
    let printed: Value = serde_json::from_str(said.ok()).unwrap();
    let keys: Vec<_> = printed.as_object().unwrap().keys().map(String::as_str).collect();
    #[rustfmt::skip]
    assert_eq!(keys, ["base_url", "tenant", "service", "workspace", "user", "password", "client_id", "client_secret", "ca_file"]);
    assert_eq!(printed, home.profile());
    assert_eq!(printed["base_url"], "https://127.0.0.1:8443");
    assert_eq!(printed["workspace"], "WS001");
    assert_eq!(printed["ca_file"].as_str(), home.data().join("tls/ca.pem").to_str());
    assert_eq!(said.stderr, "");
}

#[test]
fn the_text_for_people_names_everything_that_the_profile_holds() {
    let home = Home::empty();
    let said =
        run(&["init", "--data", home.text(), "--base-url", "https://dayend.bank.example/night/"]);
    assert_eq!(home.get("base_url"), "https://dayend.bank.example/night");
    for (key, value) in home.profile().as_object().unwrap() {
        assert!(said.ok().contains(value.as_str().unwrap()), "{key} is missing:\n{}", said.stdout);
    }
}

#[test]
fn nobody_else_can_read_what_init_makes_but_certificates() {
    let home = Home::initialised();
    for path in walk(&home.data()).into_iter().chain([home.data()]) {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let want = match path.file_name().unwrap().to_str().unwrap() {
            _ if metadata.is_symlink() => continue,
            _ if metadata.is_dir() => 0o700,
            "ca.pem" | "cert.pem" => 0o644,
            _ => 0o600,
        };
        assert_eq!(metadata.permissions().mode() & 0o7777, want, "{}", path.display());
    }
    let program = fs::read_link(home.data().join("commands/dayend")).unwrap();
    assert_eq!(program, fs::canonicalize(env!("CARGO_BIN_EXE_dayend")).unwrap());
}

#[test]
fn no_secret_stands_in_the_database() {
    let home = Home::initialised();
    let secrets = ["password", "client_secret"].map(|key| home.get(key));
    for path in walk(&home.data()) {
        let is_database = path.file_name().unwrap().to_str().unwrap().starts_with("dayend.");
        if is_database {
            let bytes = fs::read(&path).unwrap();
            for secret in &secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "a secret stands in {}", path.display());
            }
        }
    }
}

#[test]
fn a_second_init_is_refused_and_changes_nothing() {
    let home = Home::initialised();
    let before = home.profile();
    let said = run(&["init", "--data", home.text()]);
    assert!(said.failed_with(2).contains("is initialised already"), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    assert_eq!(home.profile(), before);
}

#[test]
fn a_directory_with_something_in_it_is_left_alone() {
    let home = Home::empty();
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("ledger.csv"), "1;2").unwrap();
    let said = run(&["init", "--data", home.text()]);
    assert!(said.failed_with(2).contains("is not empty"), "{}", said.stderr);
    assert_eq!(walk(&home.data()), [home.data().join("ledger.csv")]);
}

#[test]
fn wrong_addresses_are_refused_before_anything_is_made() {
    let home = Home::empty();
    for (flag, value) in [("--listen", "here"), ("--base-url", "ftp://bank.example")] {
        let said = run(&["init", "--data", home.text(), flag, value]);
        assert!(said.failed_with(2).contains(flag), "{}", said.stderr);
        assert!(!home.data().exists());
    }
}

#[test]
fn an_init_that_was_killed_is_told_from_a_whole_one_and_can_be_repeated() {
    let home = Home::empty();
    let mark = home.data().join("unfinished");
    let mut child = dayend(&["init", "--data", home.text()]).stdout(Stdio::null()).spawn().unwrap();
    // The mark is there from the first moment to the last.
    while !mark.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    if mark.exists() {
        let refused = run(&["serve", "--data", home.text()]);
        assert!(refused.failed_with(2).contains("unfinished"), "{}", refused.stderr);
        run(&["init", "--data", home.text()]).ok();
    }
    assert!(!mark.exists());
    assert_eq!(
        run(&["audit", "verify", "--data", home.text()]).ok(),
        "22 records, 0 runs: intact\n"
    );
}

#[test]
fn the_check_shows_every_setting_with_its_source_and_meaning() {
    let home = Home::initialised();
    let settings = home.data().join("dayend.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("#allow = []", "allow = [\"10.1.0.0/16\"]")).unwrap();
    let output = dayend(&["config", "check", "--data", home.text()])
        .env("DAYEND_LOG_FORMAT", "json")
        .output();
    let output = output.unwrap();
    assert!(output.status.success());
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

#[test]
fn the_check_names_every_mistake_and_the_server_the_first() {
    let home = Home::initialised();
    let settings = home.data().join("dayend.toml");
    fs::write(&settings, "lisen = \"127.0.0.1:1\"\n\n[identity]\naccess_token_s = 1\n").unwrap();
    let check = run(&["config", "check", "--data", home.text()]);
    assert_eq!(check.code, 2);
    insta::assert_snapshot!(check.stderr, @r#"
    dayend: dayend.toml line 1: there is no setting "lisen" (`dayend config check` lists all settings)
    dayend: dayend.toml line 4: identity.access_token_s: 1 is not between 60 and 86400
    "#);
    let serve = run(&["serve", "--data", home.text()]);
    insta::assert_snapshot!(serve.failed_with(2), @r#"dayend: dayend.toml line 1: there is no setting "lisen" (`dayend config check` lists all settings) (and 1 more: see `dayend config check`)"#);
}
