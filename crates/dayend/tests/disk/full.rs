//! A real file system that is full, below the database, below the attempts of tasks, or where the log goes.

use crate::bank::{Bank, Open, status};
use crate::orders::{NOTHING, Orders};
use crate::outside::curl::shell;
use crate::outside::gate::Gate;
use crate::outside::telling::tell;
use crate::server_support::{Home, run};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No batch of orders needs more before the log of the database grows.
const ORDERS_AT_MOST: usize = 2000;

/// A small file system of its own; only root may have one.
struct Small {
    at: PathBuf,
}

#[test]
fn a_full_disk_takes_no_orders_and_loses_none() {
    let home = Home::empty();
    fs::create_dir(home.data()).unwrap();
    let Some(small) = Small::mount(&home.data(), "12m") else { return };
    run(&["init", "--data", home.text(), "--listen", "127.0.0.1:0"]).ok();
    let bank = Bank::of(home);
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    orders.must(&open);

    small.fill();
    // There is room in the database's log until it must grow.
    let accepted = (0..ORDERS_AT_MOST).take_while(|_| orders.ask(&open)).count();
    tell(&format!("{accepted} orders were accepted on the full disk"));
    orders.must_not(&open);
    let log = fs::read_to_string(bank.outside("log")).unwrap();
    assert!(log.contains("the disk is full: "), "{log}");
    small.empty();
    orders.again(&open);
    // A server that ended in order leaves no log of its database, whose room the next one could use.
    assert_eq!(open.server.terminate(), 0);

    small.fill();
    let said = run(&["serve", "--data", bank.home.text(), "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, 11, "{}", said.stderr);
    let sentence = said.stderr.lines().last().unwrap();
    assert!(sentence.starts_with("dayend: "), "{sentence}");
    assert!(sentence.contains("the disk is full: "), "{sentence}");
    assert!(sentence.contains(bank.home.text()), "{sentence} does not name the directory");

    small.empty();
    let open = bank.open();
    small.fill();
    while orders.ask(&open) {}
    small.empty();
    orders.again(&open);
    drop(open);
    orders.all_there(&bank);
    drop(bank);
}

#[test]
fn where_attempts_have_no_room_their_tasks_fail_with_the_reason_and_everything_else_goes_on() {
    let bank = Bank::new();
    let attempts = bank.home.data().join("attempts");
    fs::create_dir_all(&attempts).unwrap();
    let Some(small) = Small::mount(&attempts, "1m") else { return };
    let (up, down) = (Gate::new(&bank.outside(""), "up"), Gate::new(&bank.outside(""), "down"));
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    open.apply_text(&commands(&up, &down));
    let waiting = open.call("trigger", "waits", r#"{"batchName": "WAITS", "batchType": "rest"}"#);
    up.hear();

    small.fill();
    orders.must(&open);
    let quick = open.call("trigger", "quick", r#"{"batchName": "QUICK", "batchType": "rest"}"#);
    let ended = open.ended(&quick);
    assert_eq!(status(&ended), "FAILED", "{ended}");
    assert!(ended.to_string().contains("No space left on device"), "{ended}");
    // It ends now, and what became of it cannot be written down yet.
    down.open();
    assert_eq!(shown(&open, &waiting), "ON-GOING");

    small.empty();
    let ended = open.ended(&waiting);
    assert_eq!(status(&ended), "SUCCESSFUL", "{ended}");
    open.restart("quick-again", &quick);
    assert_eq!(status(&open.ended(&quick)), "SUCCESSFUL");
    drop(open);
    bank.assert_intact();
    drop(small);
    drop(bank);
}

#[test]
fn a_log_that_has_no_room_stops_nothing() {
    let bank = Bank::new();
    std::os::unix::fs::symlink("/dev/full", bank.outside("log")).unwrap();
    let settings = bank.home.data().join("dayend.toml");
    let text =
        fs::read_to_string(&settings).unwrap().replace("#level = \"info\"", "level = \"debug\"");
    assert!(text.contains("level = \"debug\""), "{text}");
    fs::write(&settings, text).unwrap();
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    orders.must(&open);
    orders.again(&open);
    // The next server has to tell what it found.
    drop(open);
    let open = bank.open();
    orders.must(&open);
    orders.again(&open);
    assert_eq!(open.server.terminate(), 0);
    orders.all_there(&bank);
}

impl Small {
    /// Nothing, if this user may not mount: then errors are injected instead, in another test.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "dayend-test"]).arg(at);
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self { at: at.to_owned() });
        }
        tell("this user may not mount a file system: nothing is tested here");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for size in [64 * 1024, 4096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a shim may still be there.
        shell(&format!("umount --lazy {}", self.at.display()));
    }
}

fn shown(open: &Open<'_>, run: &str) -> String {
    open.try_api(&format!("runs/{run}"), "").unwrap().text("status")
}

fn commands(up: &Gate, down: &Gate) -> String {
    let waits = format!("echo here > {}; cat {}; echo done", up.text(), down.text());
    format!(
        "apiVersion: dayend/v1\nkind: Batch\ncode: WAITS\ntasks: [{{ code: A, command: {{ argv: [/bin/sh, -c, \"{waits}\"] }} }}]\n\
         ---\napiVersion: dayend/v1\nkind: Batch\ncode: QUICK\ntasks: [{{ code: A, command: {{ argv: [/bin/true] }} }}]\n"
    )
}
