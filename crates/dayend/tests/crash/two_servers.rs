//! One data directory has one server.

use crate::bank::{Bank, status};
use crate::server_support::{dayend, run, takes_at_most};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

/// The manual: at once.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
const BATCH: &str = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks: [{ code: A, noop: {} }]\n";
const ORDER: &str = r#"{"batchName": "B", "batchType": "rest"}"#;

#[test]
fn a_second_server_is_refused_at_once_and_the_first_one_goes_on() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(BATCH);
    for attempt in 0..3 {
        takes_at_most(REFUSED_WITHIN, || {
            let begun = Instant::now();
            let said = run(&["serve", "--data", bank.home.text(), "--listen", "127.0.0.1:0"]);
            let took = begun.elapsed();
            let sentence = said.failed_with(8);
            let reason = "another Dayend process uses the data directory";
            assert!(sentence.contains(reason), "{sentence}");
            assert!(sentence.contains(bank.home.text()), "{sentence} does not name the directory");
            took
        });
        let run = open.call("trigger", &format!("order-{attempt}"), ORDER);
        assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");
    }
    drop(open);
    bank.assert_intact();
}

#[test]
fn another_name_of_the_directory_is_no_other_directory() {
    let bank = Bank::new();
    let open = bank.open();
    let data = bank.home.data();
    let parent = data.parent().unwrap();
    let link = bank.outside("link");
    symlink(&data, &link).unwrap();
    let around = format!("../{}/./data/", parent.file_name().unwrap().to_str().unwrap());
    let names = [(Path::new("/"), link.to_str().unwrap()), (parent, "data"), (parent, &around)];
    for (from, name) in names {
        let mut serve = dayend(&["serve", "--data", name, "--listen", "127.0.0.1:0"]);
        let output = serve.current_dir(from).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(8), "{name}: {said}");
        assert!(said.contains("another Dayend process uses the data directory"), "{said}");
    }
    assert_eq!(open.server.terminate(), 0);
}

#[test]
fn without_the_lock_the_later_server_wins_and_the_earlier_one_accepts_nothing_more() {
    let bank = Bank::new();
    let first = bank.open();
    first.apply_text(BATCH);
    let run = first.call("trigger", "before", ORDER);
    assert_eq!(status(&first.ended(&run)), "SUCCESSFUL");
    std::fs::remove_file(bank.home.data().join("dayend.db.lock")).unwrap();
    let second = bank.open();
    let run = second.call("trigger", "second", ORDER);
    let refused = first.try_call("trigger", "first", ORDER).unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(status(&second.ended(&run)), "SUCCESSFUL");
    drop(first);
    let run = second.call("trigger", "first", ORDER);
    assert_eq!(status(&second.ended(&run)), "SUCCESSFUL");
    assert_eq!(second.server.terminate(), 0);
    bank.assert_intact();
    assert_eq!(bank.count_runs(), 3);
}
