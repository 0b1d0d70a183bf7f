//! Table 1-1, the states: each code is reached by a real run.

use crate::stage::Stage;
use serde_json::Value;

#[test]
fn every_state_of_the_table_is_told_with_its_code() {
    let mut stage = Stage::new();
    let gate = stage.gate("gate");
    let batch = stage.chance.code("states");
    stage.apply(&format!(
        r#"
apiVersion: dayend/v1
kind: Batch
code: {batch}
tasks:
  - {{ code: GOOD, noop: {{}} }}
  - {{ code: BAD, command: {{ argv: ["/bin/false"] }} }}
  - {{ code: VANISHED, command: {{ argv: ["/bin/sh", "-c", "kill -9 $PPID"] }} }}
  - {{ code: OUT, noop: {{}} }}
  - {{ code: STOPPED_FOR_NOW, noop: {{}} }}
  - {{ code: AT_WORK, command: {{ argv: ["/bin/cat", "{}"] }} }}
  - {{ code: LATER, noop: {{}}, after: [AT_WORK] }}
"#,
        gate.text()
    ));
    let run = stage.accepted(
        "trigger",
        &format!(
            r#"{{"batchName": "{batch}", "batchType": "rest", "excludedTasks": "OUT", "heldTasks": "STOPPED_FOR_NOW"}}"#
        ),
    );
    let settled = [("BAD", "FAILED"), ("VANISHED", "ABORTED"), ("AT_WORK", "ON-GOING")];
    stage.until(&run, |run| {
        settled.iter().all(|(task, status)| crate::stage::task_is(run, task, status))
    });
    let body = format!(r#"{{"batchRunId": "{run}"}}"#);
    let now = |status: &Value| tasks(status).join("\n");
    let running = stage.call("status", &body).json();
    let want = [
        "GOOD SUCCESSFUL 0",
        "BAD FAILED -1",
        "VANISHED ABORTED 3",
        "OUT EXCLUDED 4",
        "STOPPED_FOR_NOW HELD 5",
        "AT_WORK ON-GOING 2",
        "LATER NOT-STARTED 1",
    ];
    assert_eq!(now(&running), want.join("\n"));
    assert_eq!(running["batchStatusCode"], "2", "{running}");

    let named = format!(r#"{{"batchName": "{batch}", "batchRunId": "{run}"}}"#);
    stage.accepted("interrupt", &named);
    assert_eq!(stage.ended(&run), "INTERRUPTED");
    let stopped = stage.call("status", &body).json();
    let want = [
        "GOOD SUCCESSFUL 0",
        "BAD FAILED -1",
        "VANISHED ABORTED 3",
        "OUT EXCLUDED 4",
        "STOPPED_FOR_NOW INTERRUPTED -2",
        "AT_WORK INTERRUPTED -2",
        "LATER INTERRUPTED -2",
    ];
    assert_eq!(now(&stopped), want.join("\n"));
}

#[test]
fn the_state_of_a_run_is_that_of_its_worst_task() {
    let mut stage = Stage::new();
    let codes = ["fine", "bad", "vanished"].map(|name| stage.chance.code(name));
    let programs = [
        "noop: {}",
        r#"command: { argv: ["/bin/false"] }"#,
        r#"command: { argv: ["/bin/sh", "-c", "kill -9 $PPID"] }"#,
    ];
    let documents: Vec<String> = codes
        .iter()
        .zip(programs)
        .map(|(code, program)| {
            format!("apiVersion: dayend/v1\nkind: Batch\ncode: {code}\ntasks:\n  - {{ code: GOOD, noop: {{}} }}\n  - {{ code: T, {program} }}\n")
        })
        .collect();
    stage.apply(&documents.join("---\n"));
    let [fine, bad, vanished] = &codes;
    #[rustfmt::skip]
    let cases = [
        (fine,     "",                              "SUCCESSFUL", "0"),
        (fine,     r#", "heldTasks": "T""#,         "HELD",       "5"),
        (fine,     r#", "excludedTasks": "T""#,     "SUCCESSFUL", "0"),
        (bad,      "",                              "FAILED",     "-1"),
        (bad,      r#", "heldTasks": "GOOD""#,      "FAILED",     "-1"),
        (vanished, "",                              "ABORTED",    "3"),
        (vanished, r#", "excludedTasks": "T""#,     "SUCCESSFUL", "0"),
    ];
    for (code, choice, status, status_code) in cases {
        let body = format!(r#"{{"batchName": "{code}", "batchType": "rest"{choice}}}"#);
        let run = stage.accepted("trigger", &body);
        stage.until(&run, |run| run["status"] == status);
        let told = stage.call("status", &format!(r#"{{"batchRunId": "{run}"}}"#)).json();
        assert_eq!(
            (told["batchStatus"].as_str(), told["batchStatusCode"].as_str(), &told["statusCode"]),
            (Some(status), Some(status_code), &serde_json::json!("0")),
            "{body}"
        );
    }
}

fn tasks(status: &Value) -> Vec<String> {
    let told = status["taskStatusList"].as_array().unwrap().iter();
    told.map(|task| {
        let text = |key: &str| task[key].as_str().unwrap();
        format!("{} {} {}", text("taskCode"), text("taskStatus"), text("statusCode"))
    })
    .collect()
}
