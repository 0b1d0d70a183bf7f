//! The whole way on a PostgreSQL database: init, serve, a run, a second server, a crash of the database, the audit.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod server_support;

#[path = "../../testkit/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file is a public module of the test kit")]
mod cluster;

use cluster::Cluster;
use server_support::{Home, dayend, run};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

const BATCH: &str = "apiVersion: dayend/v1\nkind: Batch\ncode: EOD\ntasks: [{ code: A, noop: {} }, { code: B, noop: {}, after: [A] }]\n";

/// A data directory whose database is on a server.
struct Bank {
    cluster: Cluster,
    home: Home,
    password_file: PathBuf,
    keep: tempfile::TempDir,
}

impl Bank {
    fn initialised() -> Self {
        let cluster = Cluster::start().unwrap();
        let keep = tempfile::tempdir().unwrap();
        let password_file = keep.path().join("password");
        fs::write(&password_file, format!("{}\n", cluster.password())).unwrap();
        fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600)).unwrap();
        let bank = Self { cluster, home: Home::empty(), password_file, keep };
        bank.init(&bank.home).ok();
        bank
    }

    fn init(&self, home: &Home) -> server_support::Said {
        let (url, file) = (self.cluster.url(), self.password_file.to_str().unwrap());
        let place = ["init", "--data", home.text(), "--listen", "127.0.0.1:0"];
        let database = ["--database", &url, "--database-password-file", file];
        run(&[&place[..], &database[..]].concat())
    }

    /// A command of the client, against a running server.
    fn client(&self, base_url: &str, arguments: &[&str]) -> String {
        let profile = self.home.data().join("profile.json");
        let mut all = vec!["--profile", profile.to_str().unwrap(), "--server", base_url];
        all.extend(arguments);
        let output = dayend(&all).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_bank_lives_on_a_database_server_and_survives_its_crash() {
    let bank = Bank::initialised();
    assert!(!bank.home.data().join("dayend.db").exists());
    let settings = fs::read_to_string(bank.home.data().join("dayend.toml")).unwrap();
    assert!(settings.contains(&format!("\ndatabase = \"{}\"\n", bank.cluster.url())), "{settings}");
    assert!(!settings.contains(bank.cluster.password()));
    let server = bank.home.serve(&[]);
    let batch = bank.keep.path().join("eod.yaml");
    fs::write(&batch, BATCH).unwrap();
    bank.client(&server.base_url, &["apply", batch.to_str().unwrap()]);
    let wait = ["run", "EOD", "--mis-date", "2026-10-30", "--wait"];
    bank.client(&server.base_url, &wait);
    bank.cluster.crash_and_restart().unwrap();
    // The sessions learn of the crash by their first statements; a caller may be asked once to come again.
    let profile = bank.home.data().join("profile.json");
    let mut again = dayend(&["--profile", profile.to_str().unwrap(), "--server", &server.base_url]);
    let _ = again.args(wait).output().unwrap();
    bank.client(&server.base_url, &wait);
    let verified = run(&["audit", "verify", "--data", bank.home.text()]);
    assert!(verified.ok().ends_with("runs: intact\n"), "{}", verified.stdout);
    assert_eq!(server.terminate(), 0);
    run(&["admin", "user", "list", "--data", bank.home.text()]).ok();
    run(&["audit", "verify", "--data", bank.home.text()]).ok();
}

#[test]
fn one_server_at_a_time_uses_a_database_and_a_new_installation_needs_an_empty_one() {
    let bank = Bank::initialised();
    let server = bank.home.serve(&[]);
    for command in [&["serve"][..], &["admin", "user", "list"][..]] {
        let second = run(&[command, &["--data", bank.home.text()]].concat());
        let sentence = second.failed_with(8);
        assert!(sentence.contains("uses the data directory"), "{sentence}");
    }
    // A copy of the directory, perhaps on another machine.
    let copy = bank.keep.path().join("copy");
    let copied =
        std::process::Command::new("cp").arg("-a").arg(bank.home.data()).arg(&copy).status();
    assert!(copied.unwrap().success());
    let second = run(&["serve", "--data", copy.to_str().unwrap()]);
    let sentence = second.failed_with(8);
    assert!(sentence.contains("in use by another Dayend process: stop it first"), "{sentence}");
    assert_eq!(server.terminate(), 0);
    let other = Home::empty();
    let refused = bank.init(&other);
    assert!(refused.failed_with(2).contains("holds an installation already"), "{}", refused.stderr);
    assert!(!other.data().exists());
}

#[test]
fn a_database_without_an_installation_is_not_served() {
    let cluster = Cluster::start().unwrap();
    let home = Home::initialised();
    let mut serve = dayend(&["serve", "--data", home.text(), "--database", &cluster.url()]);
    let output = serve.env("DAYEND_DATABASE_PASSWORD", cluster.password()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("there is no installation in this database"), "{said}");
}
