//! `dayend migrate-store`: from the file to a database server, and back.

use crate::bank::{Bank, Open, RECOVERED_WITHIN, lines};
use crate::outside::curl::curl;
use crate::outside::gate::Gate;
use crate::server_support::{Home, Said, dayend, run};
use crate::work::{Wish, definition};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

const LIVE: &str = r#"{"batchName": "LIVE", "batchType": "rest"}"#;

/// A bank whose data directory has its database in it, beside an empty database server.
fn on_a_file() -> Bank {
    let bank = Bank::empty();
    run(&["init", "--data", bank.home.text(), "--listen", "127.0.0.1:0"]).ok();
    bank
}

fn migrate(bank: &Bank, more: &[&str]) -> Said {
    let file = bank.password_file();
    let place = ["migrate-store", "--data", bank.home.text()];
    let password = ["--to-password-file", file.to_str().unwrap()];
    run(&[&place[..], &password[..], more].concat())
}

/// Does what the last lines of `migrate-store` say.
fn obey(bank: &Bank, said: &str) {
    let file = bank.home.data().join("dayend.toml");
    let told = said.lines().filter(|line| line.starts_with("database"));
    let told: Vec<&str> = told.collect();
    assert!(!told.is_empty(), "{said}");
    let before = fs::read_to_string(&file).unwrap();
    let kept = before.lines().filter(|line| !line.starts_with("database"));
    let text: Vec<&str> = told.into_iter().chain(kept).collect();
    fs::write(&file, text.join("\n")).unwrap();
}

fn refresh(bank: &Bank, open: &Open<'_>, grant: &str) -> Value {
    let home = &bank.home;
    let answer = curl(&format!(
        "curl -i --silent --show-error --cacert {} -u {}:{} {}/oauth2/v1/token {grant}",
        home.get("ca_file"),
        home.get("client_id"),
        home.get("client_secret"),
        open.base_url
    ));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[test]
fn a_store_moves_to_a_server_and_back_with_everything_in_it_and_its_live_run_goes_on() {
    let bank = on_a_file();
    let gates: Vec<Gate> =
        ["up", "down"].into_iter().map(|name| Gate::new(&bank.outside(""), name)).collect();
    let open = bank.open();
    open.apply_text(&format!(
        "{}---\napiVersion: dayend/v1\nkind: Batch\ncode: LIVE\ntasks:\n  - code: A\n    command: {{ argv: [\"/bin/sh\", \"-c\", 'echo A >> \"$3\"; echo up > \"$1\"; cat \"$2\"', \"sh\", \"{}\", \"{}\", \"{}\"] }}\n  - code: B\n    noop: {{}}\n    after: [A]\n",
        definition(&bank),
        gates[0].text(),
        gates[1].text(),
        bank.outside("live").display(),
    ));
    let over = Wish::new("over".to_owned()).insist(&open);
    open.ended(&over);
    let live = open.call("trigger", "live", LIVE).text("batchRunId");
    gates[0].hear();
    let password = bank.home.get("password");
    let log_in = format!(
        "-d grant_type=password -d username=admin -d scope=offline_access --data-urlencode 'password={password}'"
    );
    let token = refresh(&bank, &open, &log_in)["refresh_token"].as_str().unwrap().to_owned();

    let busy = migrate(&bank, &["--to", &bank.cluster.url()]);
    assert!(busy.failed_with(8).contains("uses the data directory"), "{}", busy.stderr);
    assert_eq!(open.terminate(), 0);
    let moved = migrate(&bank, &["--to", &bank.cluster.url()]);
    assert!(moved.ok().contains("nothing changed"), "{}", moved.stdout);
    let again = migrate(&bank, &["--to", &bank.cluster.url()]);
    assert!(again.failed_with(2).contains("holds an installation already"), "{}", again.stderr);
    bank.assert_intact();
    obey(&bank, moved.ok());
    bank.assert_intact();
    // From here on the file is of no use.
    fs::rename(bank.home.data().join("dayend.db"), bank.outside("old.db")).unwrap();

    let open = bank.open();
    assert_eq!(open.until(&live, |_| true)["status"], "ON-GOING");
    gates[1].open();
    let ended = open.ended(&live);
    assert_eq!(
        (&ended["status"], &ended["tasks"][0]["attempt"]),
        (&"SUCCESSFUL".into(), &1.into())
    );
    assert_eq!(lines(&bank.outside("live")), ["A"], "it was started again");
    assert_eq!(open.call("trigger", "live", LIVE).text("batchRunId"), live, "the key is known");
    refresh(&bank, &open, &format!("-d grant_type=refresh_token -d refresh_token={token}"));
    Wish::new("after".to_owned()).insist(&open);
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();

    let returned = migrate(&bank, &["--to", "file"]);
    obey(&bank, returned.ok());
    let open = bank.open();
    assert_eq!(open.get(&format!("/api/v1/runs/{live}")).json()["status"], "SUCCESSFUL");
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}

#[test]
fn a_move_that_is_killed_half_way_leaves_the_new_database_empty_and_the_old_one_as_it_was() {
    let bank = on_a_file();
    let open = bank.open();
    open.apply_text(&definition(&bank));
    let run_id = Wish::new("over".to_owned()).insist(&open);
    open.ended(&run_id);
    assert_eq!(open.terminate(), 0);

    bank.proxy.slow(Duration::from_millis(150));
    let (file, url) = (bank.password_file(), bank.url());
    let place = ["migrate-store", "--data", bank.home.text(), "--to", &url];
    let password = ["--to-password-file", file.to_str().unwrap()];
    let mut moving = dayend(&[&place[..], &password[..]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    bank.until(
        "SELECT COUNT(*) > 0 FROM pg_stat_activity WHERE application_name = 'dayend' AND query LIKE 'INSERT INTO %' AND query NOT LIKE '%sqlx%'",
        RECOVERED_WITHIN,
    );
    moving.kill().unwrap();
    moving.wait().unwrap();
    bank.proxy.slow(Duration::ZERO);
    let rows = "SELECT (SELECT COUNT(*) FROM runs) + (SELECT COUNT(*) FROM history) + (SELECT COUNT(*) FROM users)";
    assert_eq!(bank.cluster.sql(rows).unwrap(), "0");
    bank.assert_intact();

    let moved = migrate(&bank, &["--json", "--to", &url]);
    let said: Value = serde_json::from_str(moved.ok()).unwrap();
    let name = |table: &Value| table["table"].as_str().unwrap().to_owned();
    assert_eq!((&said["runs"], &said["settings"]["database"]), (&1.into(), &url.as_str().into()));
    let mut copied: Vec<_> = said["tables"].as_array().unwrap().iter().map(name).collect();
    copied.sort_unstable();
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'";
    let tables = bank.cluster.sql(tables).unwrap();
    let mut tables: Vec<&str> = tables.lines().collect();
    tables.sort_unstable();
    assert_eq!(copied, tables);
}

#[test]
fn a_move_to_nowhere_or_to_itself_is_refused() {
    let bank = on_a_file();
    let home = Home::empty();
    #[rustfmt::skip]
    let cases = [
        (migrate(&bank, &["--to", "file"]),                                      2, "already"),
        (migrate(&bank, &["--to", "postgres://dayend:geheim@127.0.0.1/x"]),      2, "must not hold a password"),
        (migrate(&bank, &["--to", "postgres://dayend@127.0.0.1:1/x"]),          11, "cannot be used"),
        (run(&["migrate-store", "--data", home.text(), "--to", "file"]),         2, "does not exist"),
    ];
    for (said, code, sentence) in cases {
        assert!(said.failed_with(code).contains(sentence), "{}", said.stderr);
    }
    bank.assert_intact();
}
