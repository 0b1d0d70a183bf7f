//! While the database is away: live runs can be looked at, everything else is refused at once.

use crate::bank::{ANSWERED_WITHIN, Bank};
use crate::outside::gate::Gate;
use crate::work::{WORK, Wish, definition};
use std::time::{Duration, Instant};

/// Longer than what is remembered of callers counts as new.
const AWAY: Duration = Duration::from_secs(6);
const LIVE: &str = r#"{"batchName": "LIVE", "batchType": "rest"}"#;

#[test]
fn live_runs_can_be_looked_at_and_the_rest_is_refused_at_once_while_the_database_is_away() {
    let bank = Bank::new();
    let open = bank.open();
    let (up, down) = (Gate::new(&bank.outside(""), "up"), Gate::new(&bank.outside(""), "down"));
    open.apply_text(&format!(
        "{}---\napiVersion: dayend/v1\nkind: Batch\ncode: LIVE\ntasks:\n  - code: A\n    command: {{ argv: [\"/bin/sh\", \"-c\", 'echo up > \"$1\"; cat \"$2\"', \"sh\", \"{}\", \"{}\"] }}\n",
        definition(&bank),
        up.text(),
        down.text()
    ));
    let live = open.call("trigger", "live", LIVE).text("batchRunId");
    up.hear();
    let about =
        |code: &str, run: &str| format!(r#"{{"batchName": "{code}", "batchRunId": "{run}"}}"#);
    // Once, so that everything that is remembered of the caller is.
    assert_eq!(open.call("status", "", &about("LIVE", &live)).status, 200);

    bank.cluster.stop_server("fast").unwrap();
    let begun = Instant::now();
    let mut looks = 0;
    while begun.elapsed() < AWAY || looks < 2 {
        let answer = open.call("status", "", &about("LIVE", &live));
        assert_eq!(answer.status, 200, "{answer:?}");
        looks += 1;
        for refused in [
            open.call("status", "", &about("WORK", "WORK_2026-10-30_1_1")),
            open.call("trigger", "meanwhile", WORK),
            open.get("/api/v1/runs"),
        ] {
            assert_eq!(refused.status, 503, "{refused:?}");
        }
    }
    assert!(begun.elapsed() < AWAY + ANSWERED_WITHIN, "{looks} looks");
    bank.cluster.start_server().unwrap();
    Wish::new("after".to_owned()).insist(&open);
    down.open();
    assert_eq!(open.ended(&live)["status"], "SUCCESSFUL");
    assert_eq!(open.terminate(), 0);
    bank.assert_intact();
}
