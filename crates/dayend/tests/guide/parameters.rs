//! Both shapes of `dynamicParamList`, and every spelling of the business date, as far as the task that gets the values.

use crate::shape::assert_run_id;
use crate::stage::Stage;
use std::fs;

#[test]
fn an_object_and_a_string_with_the_same_json_bring_the_task_the_same_values() {
    let mut stage = Stage::new();
    let [batch, group, task] = ["batch", "group", "task"].map(|name| stage.chance.code(name));
    let told = stage.scratch().join("told");
    stage.apply(&format!(
        r#"
apiVersion: dayend/v1
kind: Batch
code: {batch}
params: {{ DESK: none, LIMIT: 0 }}
tasks:
  - code: {task}
    command:
      argv: ["/bin/sh", "-c", 'printf %s "$1" "|" "$2" "|" "$3" > "$4"', "sh", "$FICMISDATE$", "$DESK$", "$LIMIT$", "{}"]
---
apiVersion: dayend/v1
kind: BatchGroup
code: {group}
members: [{{ batch: {batch} }}]
"#,
        told.display()
    ));
    for name in ["$FICMISDATE$", "FICMISDATE$", "FICMISDATE"] {
        for as_string in [false, true] {
            for kind in ["rest", "group"] {
                let date = stage.date();
                let desk = format!("desk; $(id) `id` \\\" {}", stage.chance.below(1_000_000));
                let limit = stage.chance.below(u64::MAX);
                let values = format!(
                    r#""batchParams": {{"{name}": "{date}", "$DESK$": "{desk}"}}, "taskRuntimeParams": {{"{task}": {{"LIMIT": "{limit}"}}}}"#
                );
                let list = match kind {
                    "rest" => format!("{{{values}}}"),
                    _ => format!("[{{\"batchName\": \"{batch}\", {values}}}]"),
                };
                let list = if as_string { serde_json::json!(list).to_string() } else { list };
                let code = if kind == "rest" { &batch } else { &group };
                let body = format!(
                    r#"{{"batchName": "{code}", "batchType": "{kind}", "dynamicParamList": {list}}}"#
                );
                let run = stage.accepted("trigger", &body);
                assert_run_id(&run, code, &date);
                assert_eq!(stage.ended(&run), "SUCCESSFUL", "{body}");
                let got = fs::read_to_string(&told).unwrap();
                assert_eq!(got, format!("{date}|{}|{limit}", desk.replace('\\', "")), "{body}");
            }
        }
    }
}
