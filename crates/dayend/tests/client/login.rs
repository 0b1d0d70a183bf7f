//! Logging in against a small identity service that does what each test needs.

use crate::support::{Fake, LoggingIn, Output, Person, Server};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

/// A person who is logged in at a fake server.
async fn logged_in() -> (Fake, Person) {
    let fake = Fake::start();
    let person = Person::with_address(&fake.url, None);
    let output = log_in(&fake, person.begin(&[])).await;
    assert_eq!(output.code, 0, "{output:?}");
    (fake, person)
}

async fn log_in(fake: &Fake, login: LoggingIn) -> Output {
    let state = login.parameter("state");
    let back = [("code", "CODE"), ("state", state.as_str()), ("iss", fake.url.as_str())];
    let (status, _) = login.come_back(&back).await;
    assert_eq!(status, 200);
    login.end()
}

#[tokio::test]
async fn a_log_in_is_a_code_with_a_proof_key_and_its_tokens_are_only_in_a_file_of_the_owner() {
    let fake = Fake::start();
    let person = Person::with_address(&fake.url, None);
    let login = person.begin(&[]);
    assert!(login.page.as_str().starts_with(&format!("{}/oauth2/v1/authorize?", fake.url)));
    let (redirect_uri, challenge) =
        (login.parameter("redirect_uri"), login.parameter("code_challenge"));
    assert!(redirect_uri.starts_with("http://127.0.0.1:") && redirect_uri.ends_with('/'));
    for (name, want) in [
        ("response_type", "code"),
        ("client_id", "dayend-cli"),
        ("code_challenge_method", "S256"),
        ("scope", "urn:opc:idm:__myscopes__ openid offline_access"),
    ] {
        assert_eq!(login.parameter(name), want);
    }
    let output = log_in(&fake, login).await;
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stdout, format!("logged in at {} as anna\n", fake.url));

    let [form] = fake.posted("/oauth2/v1/token").try_into().unwrap();
    assert_eq!((form["code"].as_str(), form["client_id"].as_str()), ("CODE", "dayend-cli"));
    assert_eq!(form["redirect_uri"], redirect_uri);
    let print =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(print), challenge);

    let kept = person.kept().unwrap();
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(person.kept_text().contains("SECRET1"));
    assert!(!format!("{output:?}").contains("SECRET"), "{output:?}");
    let token = person.dayend(&["token"]);
    assert!(token.stdout.trim_end().ends_with("SECRET1"), "{token:?}");
    assert_eq!(fake.refreshes(), 0, "a token that is good is not renewed");
}

#[tokio::test]
async fn strangers_and_wrong_states_are_refused_while_the_log_in_goes_on() {
    let fake = Fake::start();
    let person = Person::with_address(&fake.url, None);
    let login = person.begin(&[]);
    for state in ["", "x", &login.parameter("state").to_lowercase()] {
        let back = [("code", "EVIL"), ("state", state), ("iss", fake.url.as_str())];
        assert_eq!(login.come_back(&back).await.0, 404);
    }
    assert!(fake.posted("/oauth2/v1/token").is_empty());
    assert_eq!(log_in(&fake, login).await.code, 0);
}

#[tokio::test]
async fn an_answer_of_another_server_a_refusal_and_silence_log_nobody_in() {
    let fake = Fake::start();
    let person = Person::with_address(&fake.url, None);
    let here = fake.url.as_str();
    #[rustfmt::skip]
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("code", "CODE"), ("iss", "https://evil.example")],       "not from http://127.0.0.1"),
        (&[("code", "CODE")],                                        "not from http://127.0.0.1"),
        (&[("error", "access_denied"), ("iss", here)],               "access_denied"),
        (&[("code", "WRONG"), ("iss", here)],                        "invalid_grant"),
    ];
    for (parameters, says) in cases {
        let login = person.begin(&[]);
        let state = login.parameter("state");
        let back = [parameters, &[("state", state.as_str())]].concat();
        let (status, page) = login.come_back(&back).await;
        assert!(status == 200 && page.contains("Not logged in"), "{page}");
        let output = login.end();
        assert_eq!(output.code, 9, "{output:?}");
        assert!(output.stderr.contains(says), "{output:?}");
    }
    let output = person.begin(&["--timeout", "1s"]).end();
    assert_eq!(output.code, 9, "{output:?}");
    assert!(output.stderr.contains("nobody logged in within 1 s"), "{output:?}");
    assert_eq!(person.kept(), None);
}

#[test]
fn a_server_that_calls_itself_otherwise_or_cannot_be_trusted_is_not_gone_to() {
    let fake = Fake::start();
    fake.call_itself("https://gateway.bank.example");
    let person = Person::with_address(&fake.url, None);
    for how in ["--no-browser", "--device"] {
        let output = person.dayend(&["login", how]);
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.stderr.contains("calls itself https://gateway.bank.example"), "{output:?}");
    }
    let server = Server::start();
    let output = Person::with_address(server.url(), None).dayend(&["login", "--no-browser"]);
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stderr.contains("--ca-file"), "{output:?}");
    assert!(!output.stderr.contains("open this page"), "{output:?}");
}

#[tokio::test]
async fn of_many_commands_at_once_one_renews_and_the_others_use_what_it_got() {
    let (fake, person) = logged_in().await;
    person.let_the_access_token_end();
    let mut children: Vec<_> = (0..8).map(|_| person.start(&["token"])).collect();
    let mut tokens = Vec::new();
    for child in &mut children {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
        tokens.push(stdout);
    }
    tokens.dedup();
    assert_eq!((tokens.len(), fake.refreshes()), (1, 1));
    assert!(tokens[0].trim_end().ends_with("SECRET2"), "{tokens:?}");
}

#[tokio::test]
async fn a_token_that_the_server_refuses_is_renewed_once() {
    let (fake, person) = logged_in().await;
    fake.refuse_access_tokens();
    let output = person.dayend(&["whoami"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stdout.contains("anna") && output.stdout.contains("T1"), "{output:?}");
    assert_eq!(fake.refreshes(), 1);
}

#[tokio::test]
async fn a_command_that_is_killed_while_a_token_is_spent_does_not_lose_the_log_in() {
    let (fake, person) = logged_in().await;
    person.let_the_access_token_end();
    let (spent, release) = fake.hold_next_refresh();
    let mut child = person.start(&["token"]);
    spent.recv().unwrap();
    let group = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    child.wait().unwrap();
    release.send(()).unwrap();
    let output = person.dayend(&["token"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stdout.trim_end().ends_with("SECRET2"), "{output:?}");
    assert_eq!(fake.refreshes(), 1, "the token was spent twice");
}

#[tokio::test]
async fn a_command_that_loses_patience_leaves_the_renewal_to_go_on() {
    let (fake, person) = logged_in().await;
    person.let_the_access_token_end();
    let (spent, release) = fake.hold_next_refresh();
    let hasty =
        ["--connect-timeout", "1s", "--request-timeout", "1s", "--retry-for", "0s", "token"];
    let mut child = person.start_plainly(&hasty);
    spent.recv().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(10));
    release.send(()).unwrap();
    let output = person.dayend(&["token"]);
    assert!(output.stdout.trim_end().ends_with("SECRET2"), "{output:?}");
    assert_eq!(fake.refreshes(), 1, "the token was spent twice");
}

#[tokio::test]
async fn a_log_in_that_could_not_be_kept_is_not_spent() {
    let (fake, person) = logged_in().await;
    person.let_the_access_token_end();
    let in_the_way = person.kept().unwrap().with_extension("next");
    fs::create_dir(&in_the_way).unwrap();
    let output = person.dayend(&["token"]);
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stderr.contains("cannot be kept"), "{output:?}");
    assert_eq!(fake.refreshes(), 0);
    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(person.dayend(&["token"]).code, 0);
}

#[tokio::test]
async fn a_log_in_that_has_ended_says_so_and_is_not_shown_to_the_server_again() {
    let (fake, person) = logged_in().await;
    fake.end_log_in();
    for _ in 0..2 {
        let output = person.dayend(&["whoami"]);
        assert_eq!(output.code, 9, "{output:?}");
        assert!(output.stderr.contains("has ended"), "{output:?}");
        assert!(output.stderr.contains("run `dayend login`"), "{output:?}");
        assert!(!output.stderr.contains("SECRET"), "{output:?}");
    }
    assert_eq!(fake.refreshes(), 1);
    assert!(!person.kept_text().contains("SECRET"), "a token is kept that is no good");
}

#[tokio::test]
async fn logging_out_revokes_the_refresh_token_and_removes_the_file() {
    let (fake, person) = logged_in().await;
    let output = person.dayend(&["logout"]);
    assert_eq!((output.code, person.kept()), (0, None), "{output:?}");
    let [form] = fake.posted("/oauth2/v1/revoke").try_into().unwrap();
    assert_eq!(
        (form["token"].as_str(), form["client_id"].as_str()),
        ("AgAgSECRET1==", "dayend-cli")
    );
    let output = person.dayend(&["logout"]);
    assert!(output.code == 0 && output.stdout.contains("nobody is logged in"), "{output:?}");
    for arguments in [&["whoami"][..], &["token"], &["export"]] {
        let output = person.dayend(arguments);
        assert_eq!(output.code, 9, "{output:?}");
        assert!(output.stderr.contains("nobody is logged in"), "{output:?}");
    }
}

#[tokio::test]
async fn a_second_log_in_ends_the_first() {
    let (fake, person) = logged_in().await;
    assert_eq!(log_in(&fake, person.begin(&[])).await.code, 0);
    let [form] = fake.posted("/oauth2/v1/revoke").try_into().unwrap();
    assert_eq!(form["token"], "AgAgSECRET1==");
    assert!(person.kept_text().contains("AgAgSECRET2=="));
}

#[tokio::test]
async fn a_narrower_token_leaves_the_log_in_as_it_is() {
    let (fake, person) = logged_in().await;
    let output = person.dayend(&["token", "--me", "--expiry", "2h"]);
    assert!(output.stdout.trim_end().ends_with("SECRET2"), "{output:?}");
    assert!(output.stderr.contains("for 3600 s, not for 7200 s"), "{output:?}");
    let form = fake.posted("/oauth2/v1/token").pop().unwrap();
    assert_eq!(form["scope"], "urn:opc:idm:t.user.me urn:opc:resource:expiry=7200");
    let kept = person.kept_text();
    assert!(kept.contains(".SECRET1") && kept.contains("AgAgSECRET2=="), "{kept}");
}

#[test]
fn a_device_log_in_waits_for_its_confirmation() {
    let fake = Fake::start();
    fake.answer_devices(&["authorization_pending", "authorization_pending"]);
    let person = Person::with_address(&fake.url, None);
    let output = person.dayend(&["login", "--device"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("WDJBMJHT"), "{output:?}");
    assert!(output.stderr.contains("https://x.example/device"), "{output:?}");
    assert!(!format!("{output:?}").contains("SECRET"), "{output:?}");
    let forms = fake.posted("/oauth2/v1/token");
    assert_eq!(forms.len(), 3);
    assert!(forms.iter().all(|form| form["device_code"] == "SECRETDEVICE"));
    assert_eq!(person.dayend(&["whoami"]).code, 0);

    let other = Person::with_address(&fake.url, None);
    for (error, says) in [("access_denied", "refused in the browser"), ("expired_token", "in time")]
    {
        fake.answer_devices(&[error]);
        let output = other.dayend(&["login", "--device"]);
        assert_eq!(output.code, 9, "{output:?}");
        assert!(output.stderr.contains(says), "{output:?}");
    }
    assert_eq!(other.kept(), None);
}

#[tokio::test]
async fn the_first_log_in_without_a_profile_writes_one() {
    let fake = Fake::start();
    let person = Person::with_address(&fake.url, None);
    let profile = person.home().join(".config/dayend/profile.json");
    let without = |arguments: &[&str]| {
        let mut command = crate::support::command(person.home());
        command.args(arguments);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = without(&["whoami"]);
    assert!(code == 2 && said.contains("dayend login --server URL"), "{said}");
    let (code, said) = without(&["--server", &fake.url, "whoami"]);
    assert!(code == 9 && said.contains("nobody is logged in"), "{said}");
    fake.answer_devices(&[]);
    let (code, said) = without(&["--server", &fake.url, "login", "--device"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the address is kept in"), "{said}");
    let written = fs::read_to_string(&profile).unwrap();
    assert!(written.contains(&fake.url) && !written.contains("SECRET"), "{written}");
    assert_eq!(without(&["whoami"]).0, 0);
}
