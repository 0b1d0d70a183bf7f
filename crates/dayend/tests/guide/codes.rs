//! Table 1-1, the results: each code, and each HTTP status that is not 200, is reached by a curl.

use crate::outside::curl::{Answer, curl};
use crate::server_support::{Home, run};
use crate::shape::shape;
use crate::stage::{Headers, Stage, task_is};
use std::fs;

/// The largest body that the manual promises to read.
const BODY_MAX_BYTES: usize = 1 << 20;
const PASSWORD: &str = "correct-horse-battery-staple";

#[test]
fn every_result_code_is_reached() {
    let mut stage = Stage::new();
    let gate = stage.gate("gate");
    let [batch, group, gated] = ["batch", "group", "gated"].map(|name| stage.chance.code(name));
    stage.apply(&format!(
        r#"
apiVersion: dayend/v1
kind: Batch
code: {batch}
tasks: [{{ code: A, noop: {{}} }}, {{ code: B, noop: {{}} }}]
---
apiVersion: dayend/v1
kind: Batch
code: {gated}
tasks: [{{ code: A, command: {{ argv: ["/bin/cat", "{}"] }} }}]
---
apiVersion: dayend/v1
kind: BatchGroup
code: {group}
members: [{{ batch: {batch} }}]
"#,
        gate.text()
    ));
    let trigger = |code: &str, kind: &str, more: &str| {
        format!(r#"{{"batchName": "{code}", "batchType": "{kind}"{more}}}"#)
    };
    let about =
        |code: &str, run: &str| format!(r#"{{"batchName": "{code}", "batchRunId": "{run}"}}"#);
    let done = stage.accepted("trigger", &trigger(&batch, "rest", ""));
    stage.ended(&done);
    let at_work = stage.accepted("trigger", &trigger(&gated, "rest", ""));
    stage.until(&at_work, |run| task_is(run, "A", "ON-GOING"));
    let stopped =
        stage.accepted("trigger", &trigger(&batch, "rest", r#", "heldTasks": ["A", "B"]"#));
    stage.accepted("interrupt", &about(&batch, &stopped));
    let nobody = format!("{batch}_{}_1793318400000_1", stage.date());
    #[rustfmt::skip]
    let cases = [
        ("trigger",   trigger("NOPE", "rest", ""),                          "-3"),
        ("trigger",   trigger(&batch, "group", ""),                         "-3"),
        ("trigger",   trigger(&group, "rest", ""),                          "-3"),
        ("status",    format!(r#"{{"batchRunId": "{nobody}"}}"#),           "-3"),
        ("interrupt", about(&batch, &nobody),                               "-3"),
        ("restart",   about(&batch, &nobody),                               "-3"),
        ("rerun",     about(&batch, &nobody),                               "-3"),
        ("trigger",   String::new(),                                        "-4"),
        ("trigger",   "{".to_owned(),                                       "-4"),
        ("trigger",   "[]".to_owned(),                                      "-4"),
        ("trigger",   r#"{"batchType": "rest"}"#.to_owned(),                "-4"),
        ("trigger",   trigger(&batch, "batch", ""),                         "-4"),
        ("trigger",   trigger(&batch, "rest", r#", "heldTasks": "C""#),     "-4"),
        ("trigger",   trigger(&batch, "rest", r#", "$FICMISDATE$": "2026-02-30""#), "-4"),
        ("trigger",   trigger(&batch, "rest", r#", "dynamicParamList": "{""#), "-4"),
        ("status",    "{}".to_owned(),                                      "-4"),
        ("interrupt", about(&gated, &done),                                 "-4"),
        ("restart",   format!(r#"{{"batchRunId": "{done}"}}"#),             "-4"),
        ("rerun",     about(&group, &done),                                 "-4"),
        ("trigger",   trigger(&batch, "rest", r#", "excludedTasks": "A,B""#), "-6"),
        ("restart",   about(&batch, &done),                                 "-6"),
        ("interrupt", about(&batch, &stopped),                              "-7"),
        ("interrupt", about(&batch, &done),                                 "-8"),
        ("rerun",     about(&gated, &at_work),                              "-8"),
    ];
    for (verb, body, code) in cases {
        let answer = stage.call(verb, &body);
        assert_eq!(answer.status, 200, "{verb} {body}: {answer:?}");
        assert_error(&answer, code, &format!("{verb} {body}"));
    }
    gate.open();
    assert_eq!(stage.ended(&at_work), "SUCCESSFUL", "refused calls change nothing");
}

#[test]
fn headers_that_are_missing_or_wrong_are_minus_5() {
    let stage = Stage::new();
    let ours = stage.headers();
    let plain = stage.command("status", r#"{"batchRunId": "X"}"#, &ours);
    assert_error(&curl(&plain), "-3", "with all headers");
    for name in ["ofs_tenant_id", "ofs_service_id", "ofs_workspace_id", "ofs_remote_user"] {
        // `NAME` without a colon's value is how curl leaves a header out.
        let value = plain.split_once(&format!("{name}:")).unwrap().1.split('"').next().unwrap();
        let without = plain.replacen(&format!("{name}:{value}"), &format!("{name}:"), 1);
        let answer = curl(&without);
        assert_eq!(answer.status, 200, "without {name}: {answer:?}");
        assert_error(&answer, "-5", name);
    }
    let foreign = [
        Headers { tenant: "bank000000".to_owned(), ..ours.clone() },
        Headers { service: "OTHER".to_owned(), ..ours.clone() },
        Headers { workspace: "WS002".to_owned(), ..ours },
    ];
    for headers in foreign {
        let answer = curl(&stage.command("status", r#"{"batchRunId": "X"}"#, &headers));
        assert_error(&answer, "-5", "a scope that is not ours");
    }
}

#[test]
fn callers_without_a_token_or_a_right_are_401_and_403() {
    let home = Home::initialised();
    let secret = home.data().parent().unwrap().join("password");
    fs::write(&secret, PASSWORD).unwrap();
    let (data, secret) = (home.text(), secret.to_str().unwrap());
    for user in ["clerk", "guest"] {
        run(&["admin", "user", "add", "--data", data, user, "--password-file", secret]).ok();
    }
    run(&["admin", "grant", "--data", data, "--user", "clerk", "--functions", "BATCH_VIEW"]).ok();
    let stage = Stage::on(home);
    let token = |user: &str| {
        let form = format!("grant_type=password&username={user}&password={PASSWORD}");
        stage.token_for(&form).text("access_token")
    };
    let ours = stage.headers();
    let as_user = |user: &str, name: &str| Headers {
        user: name.to_owned(),
        token: token(user),
        ..ours.clone()
    };
    let damaged = format!("{}x", ours.token);
    let (status, trigger) =
        (r#"{"batchRunId": "X"}"#, r#"{"batchName": "X", "batchType": "rest"}"#);
    #[rustfmt::skip]
    let cases = [
        ("a token that is none",            "status",  status,  Headers { token: "x".to_owned(), ..ours.clone() }, 401, "-1"),
        ("a damaged token",                 "status",  status,  Headers { token: damaged, ..ours.clone() },        401, "-1"),
        ("a viewer looks",                  "status",  status,  as_user("clerk", "clerk"),                         200, "-3"),
        ("a viewer triggers",               "trigger", trigger, as_user("clerk", "clerk"),                         403, "-1"),
        ("somebody without rights looks",   "status",  status,  as_user("guest", "guest"),                         403, "-1"),
        ("a user speaks for another user",  "status",  status,  as_user("clerk", "admin"),                         403, "-1"),
    ];
    for (name, verb, body, headers, http, code) in cases {
        let answer = curl(&stage.command(verb, body, &headers));
        assert_eq!(answer.status, http, "{name}: {answer:?}");
        assert_error(&answer, code, name);
        let challenge =
            answer.header("www-authenticate").is_some_and(|it| it.starts_with("Bearer"));
        assert_eq!(challenge, http == 401, "{name}: {answer:?}");
    }
    let command = stage.command("status", status, &ours);
    let bearer = format!("-H \"Authorization: Bearer {}\"", ours.token);
    let without = command.replacen(&bearer, "", 1);
    assert_ne!(command, without);
    let answer = curl(&without);
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_error(&answer, "-1", "no token at all");
}

#[test]
fn bodies_that_cannot_be_taken_are_413_and_415_and_other_methods_405() {
    let stage = Stage::new();
    let command = stage.command("trigger", "BODY", &stage.headers());
    let file = stage.scratch().join("body");
    let padded = |bytes: usize| {
        let frame = r#"{"batchName": "NOPE", "batchType": "rest", "x": ""}"#;
        frame.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - frame.len())))
    };
    let from_file = command.replace("'BODY'", &format!("@{}", file.display()));
    fs::write(&file, padded(BODY_MAX_BYTES)).unwrap();
    assert_error(&curl(&from_file), "-3", "the largest body");
    fs::write(&file, padded(BODY_MAX_BYTES + 1)).unwrap();
    let json = "Content-Type: application/json";
    let changed = |from: &str, to: &str| {
        assert!(command.contains(from));
        command.replacen(from, to, 1).replace("BODY", &padded(100))
    };
    let gzip = format!("{json}\" -H \"Content-Encoding: gzip");
    let latin = format!("{json}; charset=iso-8859-1");
    #[rustfmt::skip]
    let cases = [
        ("one byte too many",    from_file,                                           413, "-4"),
        ("text",                 changed(json, "Content-Type: text/plain"),           415, "-4"),
        ("no content type",      changed(json, "Content-Type:"),                      415, "-4"),
        ("another charset",      changed(json, &latin),                               415, "-4"),
        ("packed",               changed(json, &gzip),                                415, "-4"),
        ("PUT",                  changed("-X POST", "-X PUT"),                        405, "-1"),
    ];
    for (name, command, http, code) in cases {
        let answer = curl(&command);
        assert_eq!(answer.status, http, "{name}: {answer:?}");
        assert_error(&answer, code, name);
        assert_eq!(answer.header("allow"), (http == 405).then_some("OPTIONS, POST"), "{name}");
    }
}

/// The error envelope, with this code; whatever went wrong, it has the same keys in the same order.
fn assert_error(answer: &Answer, code: &str, about: &str) {
    let body = answer.json();
    let run = if body.get("batchRunId").is_some() { " batchRunId: string," } else { "" };
    let want = format!(
        "{{severity: string, summary: string,{run} details: string, status: string, statusCode: string}}"
    );
    assert_eq!(shape(&body), want, "{about}");
    let fixed = ["severity", "status", "statusCode"].map(|key| body[key].as_str().unwrap());
    assert_eq!(fixed, ["error", "failed", code], "{about}: {body}");
}
