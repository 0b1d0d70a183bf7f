//! One data directory has one server.

use crate::bank::{Bank, status};
use crate::server_support::run;
use std::time::{Duration, Instant};

const REFUSED_WITHIN: Duration = Duration::from_secs(1);

#[test]
fn a_second_server_is_refused_at_once_and_the_first_one_goes_on() {
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(
        "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks: [{ code: A, noop: {} }]\n",
    );
    for attempt in 0..3 {
        let begun = Instant::now();
        let said = run(&["serve", "--data", bank.home.text(), "--listen", "127.0.0.1:0"]);
        let sentence = said.failed_with(8);
        assert!(begun.elapsed() < REFUSED_WITHIN, "refused only after {:?}", begun.elapsed());
        assert!(sentence.contains("another Dayend process uses the data directory"), "{sentence}");
        assert!(sentence.contains(bank.home.text()), "{sentence} does not name the directory");
        let body = r#"{"batchName": "B", "batchType": "rest"}"#;
        let run = open.call("trigger", &format!("order-{attempt}"), body);
        assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");
    }
    drop(open);
    bank.assert_intact();
}
