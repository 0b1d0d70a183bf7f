//! The command line without a server: help, usage, and what is said when nothing can be reached.

use crate::support::dayend;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const PROFILE: &str = r#"{"base_url":"https://127.0.0.1:1","tenant":"T","service":"S","user":"u","client_id":"c","client_secret":"geheim"}"#;
const RUN: &str = "EOD_2026-10-30_1793404800000_1";

#[test]
fn help_is_what_the_manual_says() {
    let home = tempfile::tempdir().unwrap();
    for command in [
        "", "run", "wait", "restart", "log", "apply", "hold", "demo", "login", "logout", "whoami",
        "token",
    ] {
        let arguments: Vec<&str> =
            [command, "-h"].into_iter().filter(|text| !text.is_empty()).collect();
        let help = dayend(home.path(), &arguments);
        assert_eq!(help.code, 0, "{help:?}");
        insta::assert_snapshot!(format!("help_{command}"), help.stdout);
    }
}

#[test]
fn mistakes_have_an_exit_code_and_a_sentence_that_helps() {
    let home = tempfile::tempdir().unwrap();
    let (good, open, broken) =
        (home.path().join("good"), home.path().join("open"), home.path().join("broken"));
    for (path, text, mode) in
        [(&good, PROFILE, 0o600), (&open, PROFILE, 0o644), (&broken, "{", 0o600)]
    {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let [good, open, broken] = [&good, &open, &broken].map(|path| path.to_str().unwrap());
    let directory = home.path().to_str().unwrap();
    #[rustfmt::skip]
    let cases: [(&[&str], i32, &str); 14] = [
        (&["run"],                                                    2, "<CODE>"),
        (&["nonsense"],                                               2, "unrecognized subcommand"),
        (&["status", RUN],                                            2, "dayend init"),
        (&["--profile", "/nowhere", "status", RUN],                   2, "DAYEND_PROFILE"),
        (&["--profile", open, "status", RUN],                         2, "chmod 600"),
        (&["--profile", broken, "status", RUN],                       2, "not JSON"),
        (&["--profile", directory, "status", RUN],                    2, "is not a file"),
        (&["--profile", good, "run", "EOD", "--param", "A=1", "--param", "A=2"], 2, "`A` is given twice"),
        (&["--profile", good, "run", "EOD", "--task-param", "A=1"],   2, "write --task-param TASK.NAME=VALUE"),
        (&["--profile", good, "--server", "ftp://x", "status", RUN],  2, "https://host:8443"),
        (&["--profile", good, "run", "EOD", "--timeout", "1s"],       2, "add --wait"),
        (&["--profile", good, "status", "EOD"],                       6, "run ids look like"),
        (&["--profile", good, "--retry-for", "0s", "status", RUN],    10, "dayend serve"),
        (&["--profile", good, "--retry-for", "0s", "run", "EOD", "--key", "order-17"], 10, "--key order-17"),
    ];
    for (arguments, code, says) in cases {
        let output = dayend(home.path(), arguments);
        assert_eq!(output.code, code, "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(says), "{arguments:?}: {output:?}");
        assert!(!output.stderr.contains("geheim"), "{output:?}");
    }
}

#[test]
fn the_last_line_has_its_three_words_whatever_went_wrong() {
    let home = tempfile::tempdir().unwrap();
    let profile = home.path().join("profile");
    fs::write(&profile, PROFILE).unwrap();
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o600)).unwrap();
    let good = ["--profile", profile.to_str().unwrap()];
    let forged = "x\nrun=R status=SUCCESSFUL code=0";
    for (options, arguments, last) in [
        (&[][..], &["status", RUN][..], "run=- status=ERROR code=2\n"),
        (&[], &["run", "EOD"], "run=- status=ERROR code=2\n"),
        (&good, &["status", forged], "run=- status=ERROR code=6\n"),
        (&good, &["wait", ""], "run=- status=ERROR code=6\n"),
        (&good, &["hold", "EOD", "T1", "--reason", "x"], "run=- status=ERROR code=6\n"),
    ] {
        let output = dayend(home.path(), &[options, arguments].concat());
        assert_eq!(output.stdout, last, "{arguments:?}");
    }
}

#[test]
fn a_machine_gets_one_json_object_even_if_nothing_worked() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [["status", RUN], ["export", "EOD"]] {
        let output = dayend(home.path(), &[&["--json"], arguments.as_slice()].concat());
        let object: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(object["code"], output.code, "{output:?}");
        assert!(object["error"].as_str().unwrap().contains("no profile"), "{output:?}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    let home = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_dayend");
    let status = std::process::Command::new("/bin/sh")
        .args(["-c", &format!("{program} schema | true; {program} completions bash | true")])
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert!(status.stderr.is_empty(), "{}", String::from_utf8_lossy(&status.stderr));
}

#[test]
fn the_schema_is_json() {
    let home = tempfile::tempdir().unwrap();
    let schema = dayend(home.path(), &["schema"]);
    assert!(
        serde_json::from_str::<serde_json::Value>(&schema.stdout).unwrap()["$schema"].is_string()
    );
}
