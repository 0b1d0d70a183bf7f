//! `dayend serve`: starting, refusing to start, stopping.

mod server_support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use server_support::{Home, run, run_unprivileged, takes_at_most};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_client_that_trusts_only_the_authority_reaches_the_server_under_each_of_its_names() {
    let home = Home::initialised();
    let server = home.serve(&[]);
    let port = server.port();
    assert_eq!(server.ready_line, format!("dayend is ready at https://127.0.0.1:{port}"));
    for host in ["127.0.0.1", "localhost"] {
        let answer =
            home.client().get(format!("https://{host}:{port}/health")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{host}");
    }
    let stranger =
        reqwest::Client::new().get(format!("https://127.0.0.1:{port}/health")).send().await;
    assert!(stranger.is_err(), "the certificate must not be trusted by everybody");
}

#[tokio::test]
async fn the_log_in_of_the_profile_works_and_the_base_url_is_the_issuer() {
    let home = Home::initialised();
    let server = home.serve(&["--listen", "127.0.0.1:0"]);
    let issuer = |token: &str| {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&claims).unwrap()["iss"].as_str().unwrap().to_owned()
    };
    for form in [
        vec![("grant_type", "client_credentials".to_owned())],
        vec![
            ("grant_type", "password".to_owned()),
            ("username", home.get("user")),
            ("password", home.get("password")),
        ],
    ] {
        let request =
            home.client().post(format!("{}/oauth2/v1/token", server.base_url)).form(&form);
        let answer = request
            .basic_auth(home.get("client_id"), Some(home.get("client_secret")))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{form:?}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(issuer(answer["access_token"].as_str().unwrap()), server.base_url);
    }
}

#[tokio::test]
async fn plain_http_is_spoken_only_when_it_is_asked_for() {
    let home = Home::initialised();
    let server = home.serve(&["--plain-http"]);
    assert_eq!(server.base_url, format!("http://127.0.0.1:{}", server.port()));
    assert_eq!(reqwest::get(format!("{}/health", server.base_url)).await.unwrap().status(), 200);
}

#[test]
fn the_base_url_is_that_of_the_flag() {
    let home = Home::initialised();
    let server = home.serve(&["--base-url", "https://dayend.bank.example/"]);
    assert_eq!(server.ready_line, "dayend is ready at https://dayend.bank.example");
}

#[test]
fn sigterm_stops_within_two_seconds_and_the_next_server_can_start() {
    let home = Home::initialised();
    for _ in 0..2 {
        takes_at_most(Duration::from_secs(2), || {
            let server = home.serve(&[]);
            assert!(!server.base_url.is_empty());
            let begun = Instant::now();
            assert_eq!(server.terminate(), 0);
            begun.elapsed()
        });
    }
}

#[test]
fn a_second_server_and_an_administrator_are_told_that_the_directory_is_in_use() {
    let home = Home::initialised();
    let _server = home.serve(&[]);
    for arguments in [
        ["serve", "--data", home.text()].as_slice(),
        &["admin", "user", "list", "--data", home.text()],
        &["audit", "verify", "--data", home.text()],
    ] {
        takes_at_most(Duration::from_secs(1), || {
            let begun = Instant::now();
            let said = run(arguments);
            let took = begun.elapsed();
            let sentence = said.failed_with(8);
            let reason = "another Dayend process uses the data directory";
            assert!(sentence.contains(reason), "{sentence}");
            took
        });
    }
}

#[test]
fn a_taken_port_is_named() {
    let home = Home::initialised();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let said = run(&["serve", "--data", home.text(), "--listen", &listen]);
    assert_eq!(said.failed_with(8), format!("dayend: another process listens on {listen} already"));
}

#[test]
fn what_is_no_data_directory_is_a_usage_error() {
    let home = Home::empty();
    let missing = run(&["serve", "--data", home.text()]);
    assert!(missing.failed_with(2).contains("does not exist"), "{}", missing.stderr);
    fs::create_dir(home.data()).unwrap();
    let empty = run(&["serve", "--data", home.text()]);
    assert!(empty.failed_with(2).contains("is not a data directory"), "{}", empty.stderr);
    let file = home.data().join("file");
    fs::write(&file, "").unwrap();
    let file = run(&["serve", "--data", file.to_str().unwrap()]);
    assert!(file.failed_with(2).contains("is not a directory"), "{}", file.stderr);
}

#[test]
fn a_directory_that_cannot_be_read_or_written_is_named() {
    let home = Home::initialised();
    home.give_away();
    for (mode, problem) in [(0o500, "cannot be written to"), (0o000, "cannot be read")] {
        fs::set_permissions(home.data(), fs::Permissions::from_mode(mode)).unwrap();
        let said = run_unprivileged(&["serve", "--data", home.text()]);
        assert!(said.failed_with(11).contains(problem), "{}", said.stderr);
    }
    fs::set_permissions(home.data(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn keys_and_directories_that_others_can_read_are_refused() {
    for (path, mode) in [
        ("tls/key.pem", 0o644),
        ("tls/ca-key.pem", 0o640),
        ("keys/signing.key", 0o604),
        (".", 0o755),
    ] {
        let home = Home::initialised();
        fs::set_permissions(home.data().join(path), fs::Permissions::from_mode(mode)).unwrap();
        let said = run(&["serve", "--data", home.text()]);
        assert!(said.failed_with(11).contains("chmod"), "{path}: {}", said.stderr);
    }
}

#[test]
fn a_damaged_database_is_one_sentence() {
    let home = Home::initialised();
    fs::write(
        home.data().join("dayend.db"),
        "this is no database, and it is long enough to look like one".repeat(99),
    )
    .unwrap();
    let said = run(&["serve", "--data", home.text()]);
    assert!(said.failed_with(11).contains("the database in"), "{}", said.stderr);
}

#[test]
fn an_emptied_database_is_no_new_beginning() {
    let home = Home::initialised();
    fs::write(home.data().join("dayend.db"), "").unwrap();
    let said = run(&["serve", "--data", home.text(), "--listen", "127.0.0.1:0"]);
    assert!(said.failed_with(11).contains("restore a backup"), "{}", said.stderr);
    let said = run(&["audit", "verify", "--data", home.text()]);
    assert!(said.failed_with(1).contains("restore a backup"), "{}", said.stderr);
}

#[test]
fn a_password_in_a_url_is_refused_and_not_repeated_and_a_server_that_is_down_has_a_sentence() {
    let home = Home::initialised();
    let with_password =
        run(&["serve", "--data", home.text(), "--database", "postgres://dayend:geheim@db/dayend"]);
    let sentence = with_password.failed_with(2);
    assert!(sentence.contains("password") && !sentence.contains("geheim"), "{sentence}");
    let down =
        ["serve", "--data", home.text(), "--database", "postgres://dayend@127.0.0.1:1/dayend"];
    let said = run(&down);
    assert!(said.failed_with(11).contains("the database server cannot be used"), "{}", said.stderr);
}
