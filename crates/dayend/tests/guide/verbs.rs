//! Chapter 1: the ten samples, from trigger to rerun.

use crate::outside::gate::Gate;
use crate::samples::{request, response};
use crate::shape::{assert_as_printed, assert_run_id, assert_same_shape};
use crate::stage::{Stage, task_is};
use serde_json::Value;

/// A batch whose first task waits at a gate, another one, and a group of both.
struct Night {
    batch: String,
    other: String,
    group: String,
    tasks: [String; 2],
    date: String,
    gate: Gate,
}

#[test]
fn the_batch_samples_are_answered_as_the_guide_prints_them() {
    let mut stage = Stage::new();
    let night = night(&mut stage);
    let run = trigger_batch(&stage, &night);
    assert_run_id(&run, &night.batch, &night.date);
    stage.until(&run, |run| task_is(run, &night.tasks[0], "ON-GOING"));

    let named = [("<Batch_code>", night.batch.as_str()), ("<Batchrun_ID>", &run)];
    let interrupted = stage.call("interrupt", &request("interrupt-batch", &named)).json();
    assert_as_printed(&interrupted, &response("interrupt-batch"));
    assert_eq!(stage.ended(&run), "INTERRUPTED");
    assert_eq!(batch_status(&stage, &run), ("-2".to_owned(), "INTERRUPTED".to_owned()));

    let restarted = stage.call("restart", &request("restart-batch", &named)).json();
    assert_as_printed(&restarted, &response("restart-batch"));
    assert_eq!(restarted["batchRunId"], *run, "a restart goes on with the same run");
    night.gate.open();
    assert_eq!(stage.ended(&run), "SUCCESSFUL");
    assert_eq!(batch_status(&stage, &run), ("0".to_owned(), "SUCCESSFUL".to_owned()));

    let rerun = stage.call("rerun", &request("rerun-batch", &named)).json();
    assert_as_printed(&rerun, &response("rerun-batch"));
    let second = rerun["batchRunId"].as_str().unwrap();
    assert_run_id(second, &night.batch, &night.date);
    assert_ne!(second, run, "a rerun is another run");
    night.gate.open();
    assert_eq!(stage.ended(second), "SUCCESSFUL");
}

#[test]
fn the_group_samples_are_answered_as_the_guide_prints_them() {
    let mut stage = Stage::new();
    let night = night(&mut stage);
    let run = trigger_group(&stage, &night);
    assert_run_id(&run, &night.group, &night.date);
    let status = group_status(&stage, &run);
    let members = members(&status);
    assert_run_id(&members[0], &night.batch, &night.date);
    assert_run_id(&members[1], &night.other, &night.date);
    stage.until(&members[0], |run| task_is(run, &night.tasks[0], "ON-GOING"));

    let named = [("<Batchgroup_code>", night.group.as_str()), ("<Batchrun_ID>", &run)];
    let interrupted = stage.call("interrupt", &request("interrupt-group", &named)).json();
    assert_as_printed(&interrupted, &response("interrupt-group"));
    assert_eq!(stage.ended(&run), "INTERRUPTED");
    assert_eq!(group_status(&stage, &run)["batchStatusCode"], "-2");

    let restarted = stage.call("restart", &request("restart-group", &named)).json();
    assert_as_printed(&restarted, &response("restart-group"));
    assert_eq!(restarted["batchRunId"], *run, "a restart goes on with the same run");
    night.gate.open();
    assert_eq!(stage.ended(&run), "SUCCESSFUL");
    let after = group_status(&stage, &run);
    assert_eq!(self::members(&after), members, "the members' runs go on, too");
    for member in after["batchList"].as_array().unwrap() {
        assert_eq!(member["batchStatus"], "SUCCESSFUL", "{after}");
        assert_eq!(member["batchStatusCode"], "0", "{after}");
    }

    let rerun = stage.call("rerun", &request("rerun-group", &named)).json();
    assert_as_printed(&rerun, &response("rerun-group"));
    let second = rerun["batchRunId"].as_str().unwrap();
    assert_run_id(second, &night.group, &night.date);
    assert_ne!(second, run, "a rerun is another run");
    night.gate.open();
    assert_eq!(stage.ended(second), "SUCCESSFUL");
}

#[test]
fn a_status_can_be_asked_for_some_tasks_only() {
    let mut stage = Stage::new();
    let night = night(&mut stage);
    let run = trigger_batch(&stage, &night);
    night.gate.open();
    stage.ended(&run);
    let [first, second] = &night.tasks;
    for tasks in [format!("[\"{second}\"]"), format!("\"{second}\""), format!("\" {second} , \"")] {
        let body = format!("{{\"batchRunId\": \"{run}\", \"tasks\": {tasks}}}");
        let status = stage.call("status", &body).json();
        assert_same_shape(&status, &response("status-batch"));
        let listed = status["taskStatusList"].as_array().unwrap();
        assert_eq!(listed.len(), 1, "{status}");
        assert_eq!(listed[0]["taskCode"], **second, "{status} must not have {first}");
    }
}

fn night(stage: &mut Stage) -> Night {
    let gate = stage.gate("gate");
    let date = stage.date();
    let codes = ["batch1", "batch2", "batchGroup1", "t1", "t5"];
    let [batch, other, group, first, second] = codes.map(|name| stage.chance.code(name));
    stage.apply(&format!(
        r#"
apiVersion: dayend/v1
kind: Batch
code: {batch}
tasks:
  - {{ code: {first}, command: {{ argv: ["/bin/cat", "{}"] }} }}
  - {{ code: {second}, noop: {{}}, after: [{first}] }}
---
apiVersion: dayend/v1
kind: Batch
code: {other}
tasks:
  - {{ code: {first}, noop: {{}} }}
  - {{ code: {second}, noop: {{}} }}
---
apiVersion: dayend/v1
kind: BatchGroup
code: {group}
members: [{{ batch: {batch} }}, {{ batch: {other}, after: [{batch}] }}]
"#,
        gate.text()
    ));
    Night { batch, other, group, tasks: [first, second], date, gate }
}

fn trigger_batch(stage: &Stage, night: &Night) -> String {
    let filling = [
        ("<BATCH_CODE>", night.batch.as_str()),
        ("<MISDate(yyyy-mm-dd)>", &night.date),
        ("<TASK CODE1>", &night.tasks[0]),
        ("<TASK CODE2>", &night.tasks[1]),
    ];
    let answer = stage.call("trigger", &request("trigger-batch", &filling));
    assert_eq!(answer.status, 200);
    assert_as_printed(&answer.json(), &response("trigger-batch"));
    answer.text("batchRunId")
}

fn trigger_group(stage: &Stage, night: &Night) -> String {
    let filling = [
        ("<BATCHGROUP CODE>", night.group.as_str()),
        ("<BATCH_CODE1>", &night.batch),
        ("<BATCH_CODE2>", &night.other),
        ("<MISDate(yyyy-mm-dd)>", &night.date),
        ("<TASK_CODE1>", &night.tasks[0]),
        ("<TASK_CODE2>", &night.tasks[1]),
    ];
    let answer = stage.call("trigger", &request("trigger-group", &filling));
    assert_eq!(answer.status, 200);
    assert_as_printed(&answer.json(), &response("trigger-group"));
    answer.text("batchRunId")
}

/// Asks with the guide's sample, comma and all.
fn batch_status(stage: &Stage, run: &str) -> (String, String) {
    let body = request("status-batch", &[("<Batchrun_ID>", run)]);
    assert!(body.contains(",\n}"), "the guide's comma is gone: {body}");
    let answer = stage.call("status", &body);
    assert_same_shape(&answer.json(), &response("status-batch"));
    assert_eq!(
        (answer.text("batchRunId").as_str(), answer.text("statusCode").as_str()),
        (run, "0")
    );
    (answer.text("batchStatusCode"), answer.text("batchStatus"))
}

fn group_status(stage: &Stage, run: &str) -> Value {
    let answer = stage.call("status", &request("status-group", &[("<Batchrun_ID>", run)])).json();
    assert_same_shape(&answer, &response("status-group"));
    assert_eq!(answer["batchRunId"], *run);
    answer
}

fn members(status: &Value) -> Vec<String> {
    let members = status["batchList"].as_array().unwrap().iter();
    members.map(|member| member["batchRunId"].as_str().unwrap().to_owned()).collect()
}
