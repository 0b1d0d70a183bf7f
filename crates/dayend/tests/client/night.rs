//! The sample night by hand, as the manual describes it: a server process and client commands.

use crate::support::Server;
use crate::support::night::{cents, data, expected};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night");

#[test]
fn the_night_stops_at_the_bad_row_and_goes_on_after_the_repair_that_the_message_names() {
    let server = Server::start();
    let applied = server.dayend(&["apply", EXAMPLE]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    deliver(&server, &data().join("ecb-rates.csv"), &data().join("positions.csv"));
    let first = server.dayend(&["run", "EOD", "--mis-date", "2026-10-30", "--wait"]);
    assert_eq!(first.code, 1, "{first:?}");
    assert!(first.last_line().ends_with(" status=FAILED code=1"), "{}", first.last_line());

    let command = first
        .stderr
        .split("Repair it: dayend ")
        .nth(1)
        .unwrap()
        .split(" (exit code")
        .next()
        .unwrap();
    let repair = server.dayend(&command.split(' ').collect::<Vec<_>>());
    assert_eq!(repair.code, 0, "{repair:?}");
    let second = server.dayend(&["restart", first.run(), "--wait"]);
    assert_eq!((second.code, second.run()), (0, first.run()), "{second:?}");

    let report = report(&server);
    let total: Vec<&str> = report.lines().last().unwrap().split(',').collect();
    let want = expected("2026-10-30");
    assert_eq!(total[1], want.positions.to_string());
    assert_eq!(cents(total[4]), want.eur_cents);
    no_task_started_twice(&server, 8);
}

#[test]
fn the_night_works_on_what_was_delivered() {
    let server = Server::start();
    assert_eq!(server.dayend(&["apply", EXAMPLE]).code, 0);
    let feed = server.data().parent().unwrap().join("feed");
    fs::create_dir(&feed).unwrap();
    fs::write(
        feed.join("positions.csv"),
        "position_id,desk,currency,amount\nX1,SPOT,USD,-2.23\nX2,SPOT,JPY,175.68\n",
    )
    .unwrap();
    deliver(&server, &data().join("ecb-rates.csv"), &feed.join("positions.csv"));
    let ran = server.dayend(&["run", "EOD", "--mis-date", "2026-10-30", "--wait", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = report(&server);
    // -2.23 / 1.1172 = -1.99606…, 175.68 / 175.68 = 1.
    assert_eq!(report.lines().last().unwrap(), "TOTAL,2,,,-1.00");
}

#[test]
fn exit_codes_tell_what_became_of_a_run() {
    let server = Server::start();
    let definitions = server.data().join("codes.yaml");
    let text = "apiVersion: dayend/v1\nkind: Batch\ncode: CODES\ntasks:\n  - { code: A, noop: {} }\n  - { code: B, noop: {}, after: [A] }\n";
    fs::write(&definitions, text).unwrap();
    assert_eq!(server.dayend(&["apply", definitions.to_str().unwrap()]).code, 0);
    let good = server.dayend(&["run", "CODES", "--wait"]);
    let run = good.run().to_owned();
    let held = server.dayend(&["run", "CODES", "--hold", "B", "--wait"]);
    let held_run = held.run().to_owned();
    assert_eq!((good.code, held.code), (0, 5), "{good:?} {held:?}");
    #[rustfmt::skip]
    let cases: [(&[&str], i32, &str); 14] = [
        (&["status", &run],                                          0, "status=SUCCESSFUL code=0"),
        (&["status", &held_run],                                     5, "status=HELD code=5"),
        (&["wait", &held_run, "--on-held", "wait", "--timeout", "1s"], 5, "status=HELD code=5"),
        (&["run", "CODES"],                                          0, "status=ACCEPTED code=0"),
        (&["run", "NOPE"],                                           6, "run=- status=ERROR code=6"),
        (&["status", "CODES_2026-10-30_1793404800000_1"],            6, "status=ERROR code=6"),
        (&["run", "CODES", "--exclude", "A,B"],                      7, "run=- status=ERROR code=7"),
        (&["run", "CODES", "--exclude", "C"],                        2, "run=- status=ERROR code=2"),
        (&["interrupt", &run],                                       8, "status=ERROR code=8"),
        (&["restart", &run],                                         7, "status=ERROR code=7"),
        (&["release", &held_run, "B", "--reason", "checked"], 0, "status=ACCEPTED code=0"),
        (&["wait", &held_run, "--timeout", "60s"],                   0, "status=SUCCESSFUL code=0"),
        (&["hold", &run, "NOPE", "--reason", "x"],                   6, "status=ERROR code=6"),
        (&["--exit-map", "6=0", "status", "NOPE"],                   0, "run=- status=ERROR code=6"),
    ];
    for (arguments, code, last_line) in cases {
        let output = server.dayend(arguments);
        assert_eq!(output.code, code, "{arguments:?}: {output:?}");
        assert!(output.last_line().ends_with(last_line), "{arguments:?}: {output:?}");
    }
}

#[test]
fn the_same_key_is_the_same_run_and_another_request_with_it_is_refused() {
    let server = Server::start();
    let definitions = server.data().join("keys.yaml");
    fs::write(
        &definitions,
        "apiVersion: dayend/v1\nkind: Batch\ncode: KEYS\ntasks: [{ code: A, noop: {} }]\n",
    )
    .unwrap();
    assert_eq!(server.dayend(&["apply", definitions.to_str().unwrap()]).code, 0);
    let run = |arguments: &[&str]| {
        server.dayend(&[&["run", "KEYS", "--key", "order-17"], arguments].concat())
    };
    let (first, second, other) = (run(&[]), run(&[]), run(&["--hold", "A"]));
    assert_eq!(first.run(), second.run());
    assert_eq!((first.code, second.code, other.code), (0, 0, 8), "{other:?}");
}

#[test]
fn what_export_writes_apply_takes_back_unchanged() {
    let server = Server::start();
    assert_eq!(server.dayend(&["apply", EXAMPLE]).code, 0);
    let file = server.data().join("export.yaml");
    assert_eq!(server.dayend(&["export", "-o", file.to_str().unwrap()]).code, 0);
    let again = server.dayend(&["apply", file.to_str().unwrap()]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.stdout.lines().count(), 6);
    assert!(
        again.stdout.lines().all(|line| line.ends_with("unchanged (version 1)")),
        "{}",
        again.stdout
    );
}

/// Puts the day's files into the file exchange.
fn deliver(server: &Server, rates: &Path, positions: &Path) {
    for (file, name) in [(rates, "rates"), (positions, "positions")] {
        let name = format!("in/{name}-2026-10-30.csv");
        let file = file.display().to_string();
        let put = server.dayend(&["files", "put", &file, "--name", &name]);
        assert_eq!(put.code, 0, "{put:?}");
    }
}

/// The report that the night left in the file exchange.
fn report(server: &Server) -> String {
    let got = server.dayend(&["files", "get", "out/report-2026-10-30.csv"]);
    assert_eq!(got.code, 0, "{got:?}");
    got.stdout
}

fn no_task_started_twice(server: &Server, starts: usize) {
    let witness = fs::read_to_string(server.work().join("night/witness.log"));
    let witness = witness.expect("commands sign the witness file");
    let lines: Vec<&str> = witness.lines().collect();
    assert_eq!(lines.len(), starts, "{witness}");
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), starts, "{witness}");
}
