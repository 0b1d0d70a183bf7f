//! `init` stopped half-way, and two servers on one data directory.

use crate::bank::{Bank, RECOVERED_WITHIN};
use crate::server_support::{dayend, run};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn an_init_that_was_killed_is_begun_anew_on_the_same_database() {
    let bank = Bank::empty();
    bank.proxy.slow(Duration::from_millis(50));
    let arguments = bank.init_arguments(&bank.url());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut init = dayend(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Its tables come late, and its user later.
    bank.until("SELECT to_regclass('users') IS NOT NULL", RECOVERED_WITHIN);
    bank.until("SELECT COUNT(*) > 0 FROM users", RECOVERED_WITHIN);
    init.kill().unwrap();
    init.wait().unwrap();
    bank.proxy.slow(Duration::ZERO);
    let serve = run(&["serve", "--data", bank.home.text()]);
    assert!(serve.failed_with(2).contains("is unfinished"), "{}", serve.stderr);

    bank.init(&bank.url()).ok();
    assert_eq!(bank.cluster.sql("SELECT COUNT(*) FROM users").unwrap(), "1");
    assert_eq!(bank.cluster.sql("SELECT COUNT(*) FROM history WHERE event = 'init'").unwrap(), "1");
    let open = bank.open();
    assert_eq!(open.get("/api/v1/runs").status, 200);
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
    // What is finished is not begun anew.
    let other = Bank::empty();
    let taken = other.init(&bank.url());
    assert!(taken.failed_with(2).contains("holds an installation already"), "{}", taken.stderr);
}

#[test]
fn one_data_directory_has_one_server_whatever_its_database_is() {
    let (bank, other) = (Bank::new(), Bank::new());
    let open = bank.open();
    let file = other.password_file();
    let serve = ["serve", "--data", bank.home.text(), "--listen", "127.0.0.1:0"];
    let database = ["--database", &other.url(), "--database-password-file", file.to_str().unwrap()];
    let second = run(&[&serve[..], &database[..]].concat());
    let sentence = second.failed_with(8);
    assert!(sentence.contains("another Dayend process uses the data directory"), "{sentence}");
    let file = run(&[&serve[..], &["--database", ""]].concat());
    assert_ne!(file.code, 0, "{}", file.stdout);
    assert_eq!(open.terminate(), 0);
}
