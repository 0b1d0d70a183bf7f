//! Every rule, broken once: the message, and the place it names.

use super::{assert_refused, defects_of, file, read_one, shown};
use crate::definitions::{read, warnings};
use dayend_engine::definition::Definition;

/// Puts fields into a task on line 5, or a whole document if the text begins with `apiVersion`.
fn document(text: &str) -> String {
    if text.starts_with("apiVersion") || text.starts_with("kind") {
        return text.to_owned();
    }
    format!("apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n  - {text}\n")
}

#[track_caller]
fn assert_defects(cases: &[(&str, &str)]) {
    assert_refused(cases.iter().map(|(text, want)| (document(text), *want)));
}

#[test]
fn a_document_is_refused_field_by_field() {
    assert_defects(&[
        (
            "kind: Batch\ncode: B\ntasks: [{code: A, noop: {}}]",
            "1:1 apiVersion: `apiVersion` is missing: add it",
        ),
        (
            "apiVersion: dayend/v2\nkind: Batch\ncode: B\ntasks: [{code: A, noop: {}}]",
            "1:13 apiVersion: `dayend/v2` is not known here: write `dayend/v1`",
        ),
        (
            "apiVersion: dayend/v1\ncode: B",
            "1:1 kind: `kind` is missing: add `kind: Batch`, `kind: BatchGroup` or `kind: Connection`",
        ),
        (
            "apiVersion: dayend/v1\nkind: Job\ncode: B",
            "2:7 kind: `Job` is none of Batch, BatchGroup, Connection",
        ),
        (
            "apiVersion: dayend/v1\nkind: Batch\ntasks: [{code: A, noop: {}}]",
            "1:1 code: `code` is missing: add it",
        ),
        ("apiVersion: dayend/v1\nkind: Batch\ncode: B", "1:1 tasks: `tasks` is missing: add it"),
        (
            "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks: []",
            "4:1 tasks: `tasks` is empty: add at least one",
        ),
        ("apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks: 5", "4:8 : `tasks` must be a list"),
        (
            "apiVersion: dayend/v1\nkind: BatchGroup\ncode: B\nmembers: [{batch: A}]\ntasks: [{code: A, noop: {}}]",
            "5:1 tasks: `tasks` is not a field of a BatchGroup: remove it, or correct `kind`",
        ),
        (
            "apiVersion: dayend/v1\nkind: Batch\ncode: B\ndescripton: x\ntasks: [{code: A, noop: {}}]",
            "4:1 descripton: `descripton` is not a field of a Batch: did you mean `description`?",
        ),
        (
            "apiVersion: dayend/v1\nkind: Batch\ncode: B\ncode: C\ntasks: [{code: A, noop: {}}]",
            "4:1 code: `code` is there twice: remove one",
        ),
        (
            "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks: [{code: A, noop: {}}]\ntasks: [{code: C, noop: {}}]",
            "5:1 tasks: `tasks` is there twice: remove one",
        ),
        (
            "apiVersion: dayend/v1\nkind: Batch\ncode: 1B\ntasks: [{code: A, noop: {}}]",
            "3:7 code: `1B` is not a code: a letter, then letters, digits or `_`, at most 60 characters",
        ),
    ]);
}

#[test]
fn a_task_is_refused_field_by_field() {
    assert_defects(&[
        ("{noop: {}}", "5:5 tasks[0].code: `code` is missing: add it"),
        (
            "{code: A}",
            "5:5 tasks[0]: the task does nothing: add one of noop, command, http, sql, file",
        ),
        (
            "{code: A, noop: {}, sql: {connection: C, statement: x}}",
            "5:30 tasks[0].sql: a task does one thing: remove `sql` or `noop`",
        ),
        ("{code: A, noop: }", "5:19 tasks[0].noop: `noop` must be a map, `{}`, but this is empty"),
        (
            "{code: A, noop: {x: 1}}",
            "5:22 tasks[0].noop.x: `x` is not a field of `noop`, which has none: write `{}`",
        ),
        (
            "{code: A, noop: {}, tmeout: 5s}",
            "5:25 tasks[0].tmeout: `tmeout` is not a field of a task: did you mean `timeout`?",
        ),
        (
            "{code: A, noop: {}, timeout: 30}",
            "5:34 tasks[0].timeout: `30` is not a duration: write hours, minutes, seconds, milliseconds, as in 1h30m, 10s or 500ms, at most 8784h",
        ),
        (
            "{code: A, noop: {}, timeout: 0s}",
            "5:34 tasks[0].timeout: a timeout must be longer than zero: leave it out for no limit",
        ),
        (
            "{code: A, noop: {}, retries: {max: many}}",
            "5:40 tasks[0].retries.max: `many` is not a whole number from 0 to 10000 (without quotes)",
        ),
        (
            "{code: A, noop: {}, retries: {backoff: 5s}}",
            "5:34 tasks[0].retries.max: `max` is missing: add it",
        ),
        (
            "{code: A, noop: {}, on_lost: ignore}",
            "5:34 tasks[0].on_lost: `ignore` is none of abort, retry",
        ),
        (
            "{code: A, noop: {}, after: B}",
            "5:32 tasks[0].after: `after` must be a list of codes, such as [LOAD], but this is a text",
        ),
        (
            "{code: A, noop: {}, after: [{task: B, on: error}]}",
            "5:47 tasks[0].after[0].on: `error` is none of success, failure, end",
        ),
        (
            "{code: A, noop: {}, after: [{on: end}]}",
            "5:33 tasks[0].after[0].task: `task` is missing: add it",
        ),
        (
            "{code: A, name: , noop: {}}",
            "5:19 tasks[0].name: there is no value: write a text, or remove the field",
        ),
        (
            "{code: A, name: 2026, noop: {}}",
            "5:21 tasks[0].name: `2026` is a number, but a text is needed: write \"2026\"",
        ),
        (
            "{code: true, noop: {}}",
            "5:12 tasks[0].code: `true` is a boolean, but a text is needed: write \"true\"",
        ),
        (
            "{code: A, name: \"a\\tb\", noop: {}}",
            "5:21 tasks[0].name: the text holds U+0009, a control or invisible character: remove it",
        ),
    ]);
}

#[test]
fn parameters_are_refused_one_by_one() {
    assert_defects(&[
        (
            "{code: A, noop: {}, params: {1X: a}}",
            "5:34 tasks[0].params.1X: `1X` is not a parameter name: a letter, then letters, digits or `_`",
        ),
        (
            "{code: A, noop: {}, params: {FICMISDATE: a}}",
            "5:34 tasks[0].params.FICMISDATE: `FICMISDATE` is always there and holds the run's date: remove it",
        ),
        (
            "{code: A, noop: {}, params: {$TASKID$: a}}",
            "5:34 tasks[0].params.$TASKID$: `TASKID` is always there and cannot be declared: choose another name",
        ),
        (
            "{code: A, noop: {}, params: {P: 1, $P$: 2}}",
            "5:40 tasks[0].params.$P$: `P` is there twice: remove one",
        ),
        (
            "{code: A, noop: {}, params: {P: }}",
            "5:35 tasks[0].params.P: there is no value: write one, or \"\" for an empty text",
        ),
        (
            "{code: A, noop: {}, params: {P: [1]}}",
            "5:37 tasks[0].params.P: a single value is needed, but this is a list",
        ),
        (
            "{code: A, noop: {}, params: [P]}",
            "5:33 tasks[0].params: `params` must be a map, `{}` if empty, but this is a list",
        ),
    ]);
}

#[test]
fn commands_and_statements_are_refused_field_by_field() {
    assert_defects(&[
        ("{code: A, command: {}}", "5:24 tasks[0].command.argv: `argv` is missing: add it"),
        (
            "{code: A, command: {argv: []}}",
            "5:31 tasks[0].command.argv: `argv` names no program: write the program, then its arguments",
        ),
        (
            "{code: A, command: {argv: ./load.sh}}",
            "5:31 tasks[0].command.argv: `argv` must be a list: the program, then its arguments, but this is a text",
        ),
        (
            "{code: A, command: {argv: [a, {b: c}]}}",
            "5:35 tasks[0].command.argv[1]: a single value is needed, but this is a map",
        ),
        (
            "{code: A, command: {argv: [a, \"\\0\"]}}",
            "5:35 tasks[0].command.argv[1]: the text holds a NUL character: remove it",
        ),
        (
            "{code: A, command: {argv: [a], env: {A-B: x}}}",
            "5:42 tasks[0].command.env.A-B: `A-B` is not a variable name: a letter or `_`, then letters, digits or `_`",
        ),
        (
            "{code: A, command: {argv: [a], env: {DAYEND_FENCE: 1}}}",
            "5:42 tasks[0].command.env.DAYEND_FENCE: `DAYEND_FENCE` is set by Dayend: choose another name",
        ),
        (
            "{code: A, command: {argv: [a], env: {LD_PRELOAD: $P$}}}",
            "5:42 tasks[0].command.env.LD_PRELOAD: `LD_PRELOAD` decides what programs run, so its value must not hold a placeholder",
        ),
        (
            "{code: A, params: {P: x}, command: {argv: [/opt/$P$, x]}}",
            "5:12 tasks[0].command.argv[0]: the program must not hold the parameter `$P$`: whoever triggers a run would choose what runs",
        ),
        (
            "{code: A, params: {P: x}, command: {argv: [/bin/sh, -ec, \"echo $HOME$P$\"]}}",
            "5:12 tasks[0].command.argv[2]: the script must not hold the parameter `$P$`, whose value would become a part of it: write `\"$1\"` there and pass `sh` and `$P$` as further arguments",
        ),
        (
            "{code: A, sql: {connection: C}}",
            "5:20 tasks[0].sql.statement: `statement` is missing: add it",
        ),
        (
            "{code: A, sql: {connection: C, statement: \" \"}}",
            "5:20 tasks[0].sql.statement: the statement is blank: write one",
        ),
    ]);
}

#[test]
fn files_are_refused_field_by_field() {
    assert_defects(&[
        ("{code: A, file: {within: 1h}}", "5:21 tasks[0].file.name: `name` is missing: add it"),
        (
            "{code: A, file: {name: a.csv}}",
            "5:21 tasks[0].file: the wait has no end: add `by`, a time of the day, or `within`, a duration",
        ),
        (
            "{code: A, file: {name: a.csv, by: 24:00}}",
            "5:39 tasks[0].file.by: `24:00` is not a time of the day of the form hh:mm, from 00:00 to 23:59",
        ),
        (
            "{code: A, file: {name: a.csv, by: 22:30, zone: Mars/Olympus}}",
            "5:52 tasks[0].file.zone: `Mars/Olympus` is not a time zone: write one such as Europe/Zurich or UTC",
        ),
        (
            "{code: A, file: {name: a.csv, within: 1h, zone: UTC}}",
            "5:53 tasks[0].file.zone: a zone says where the time in `by` is meant: add `by`, or remove it",
        ),
        (
            "{code: A, file: {name: a.csv, within: 0s}}",
            "5:43 tasks[0].file.within: the wait must be longer than zero",
        ),
        (
            "{code: A, file: {name: ../a, within: 1h}}",
            "5:28 tasks[0].file.name: a path is relative, without empty parts, `.` and `..`, so that it stays in the attempt's directory",
        ),
        (
            "{code: A, file: {name: 'a:b', within: 1h}}",
            "5:28 tasks[0].file.name: no file has a name with ':': remove it",
        ),
        (
            "{code: A, file: {name: a.csv, marker: '*.done', within: 1h}}",
            "5:43 tasks[0].file.marker: a wildcard has no meaning here: write the whole name",
        ),
        (
            "{code: A, command: {argv: [a], files: {in: [{as: x}]}}}",
            "5:49 tasks[0].command.files.in[0].name: `name` is missing: add it",
        ),
        (
            "{code: A, command: {argv: [a], files: {in: [{name: x, as: /x}]}}}",
            "5:63 tasks[0].command.files.in[0].as: a path is relative, without empty parts, `.` and `..`, so that it stays in the attempt's directory",
        ),
        (
            "{code: A, command: {argv: [a], files: {in: [{name: x, as: y}, {name: z, as: y}]}}}",
            "5:67 tasks[0].command.files.in[1]: two files would be put in the same place, `y`: change one",
        ),
        (
            "{code: A, command: {argv: [a], files: {in: [{name: x, optional: maybe}]}}}",
            "5:69 tasks[0].command.files.in[0].optional: `maybe` is neither true nor false (without quotes)",
        ),
        (
            "{code: A, command: {argv: [a], files: {out: {path: x}}}}",
            "5:49 tasks[0].command.files.out: a list of files is needed, but this is a map",
        ),
        (
            "{code: A, command: {argv: [a], files: {out: [{path: a/../b}]}}}",
            "5:57 tasks[0].command.files.out[0].path: a path is relative, without empty parts, `.` and `..`, so that it stays in the attempt's directory",
        ),
        (
            "{code: A, command: {argv: [a], files: {out: [{path: x}, {path: y, name: x}]}}}",
            "5:61 tasks[0].command.files.out[1]: two files would have the same name, `x`: change one",
        ),
    ]);
    let many = "{path: x},".repeat(65);
    let task = format!("{{code: A, command: {{argv: [a], files: {{out: [{many}]}}}}}}");
    let want = "5:49 tasks[0].command.files.out: there are 65 files, at most 64 are allowed";
    assert_eq!(defects_of(&document(&task)), [want]);
}

#[test]
fn placeholders_of_files_are_looked_at_like_all_others() {
    let text = document(
        "{code: A, params: {P: x}, file: {name: 'in/$P$-$Q$-*.csv', marker: $R$.done, within: 1h}}",
    );
    let warned: Vec<String> =
        read_one(&text).unwrap().iter().flat_map(warnings).map(|one| one.field).collect();
    assert_eq!(warned, ["tasks[0].file.name", "tasks[0].file.marker"]);
}

#[test]
fn parameters_are_arguments_of_programs_and_scripts() {
    for argv in [
        "[/opt/$TASKID$.sh, $P$]",
        "[/opt/$UNDECLARED$, $P$]",
        "[/bin/sh, -c, 'echo \"$1$2\" $FICMISDATE$', sh, $P$]",
    ] {
        let task = format!("{{code: A, params: {{P: x}}, command: {{argv: {argv}}}}}");
        assert!(read(&[file("a.yaml", &document(&task))]).is_ok(), "{argv}");
    }
}

#[test]
fn requests_are_refused_field_by_field() {
    assert_defects(&[
        ("{code: A, http: {}}", "5:21 tasks[0].http.url: `url` is missing: add it"),
        (
            "{code: A, http: {url: /x}}",
            "5:27 tasks[0].http.url: the URL must begin with `http://` or `https://`, or be a path below a `connection`",
        ),
        (
            "{code: A, http: {url: \"https://u:p@h/\"}}",
            "5:27 tasks[0].http.url: the URL must not hold a user or password: use `secret_headers` of an http connection",
        ),
        (
            "{code: A, http: {url: \"https://h/\", method: post}}",
            "5:49 tasks[0].http.method: `post` is none of GET, POST, PUT, PATCH, DELETE",
        ),
        (
            "{code: A, http: {url: \"https://h/\", headers: {HOST: x}}}",
            "5:51 tasks[0].http.headers.HOST: Dayend sets `HOST` itself: remove it",
        ),
        (
            "{code: A, http: {url: \"https://h/\", headers: {X-A: $P$}}}",
            "5:56 tasks[0].http.headers.X-A: a header value must not hold a placeholder such as `$P$`: send it in `body` or `url`",
        ),
        (
            "{code: A, http: {url: \"https://h/\", headers: {X-A: \"a\\r\\nX-B: c\"}}}",
            "5:56 tasks[0].http.headers.X-A: a header value may hold only visible ASCII characters and blanks",
        ),
        (
            "{code: A, http: {url: \"https://h/\", headers: {X-A: a, x-a: b}}}",
            "5:59 tasks[0].http.headers.x-a: the header `x-a` is there twice (case does not matter): remove one",
        ),
        (
            "{code: A, http: {url: \"https://h/\", headers: {Authorization: Basic eA}}}",
            "5:51 tasks[0].http.headers.Authorization: the value of `Authorization` is a secret: put it into `secret_headers` of an http connection",
        ),
        (
            "{code: A, http: {url: \"https://h/\", body: {attempt: 1}}}",
            "5:48 tasks[0].http.body.attempt: Dayend sends `attempt` itself: choose another key",
        ),
        (
            "{code: A, http: {url: \"https://h/\", body: {a: [1, 007]}}}",
            "5:55 tasks[0].http.body.a[1]: the number `007` cannot be kept exactly as JSON: write it in quotes, or as a plain decimal number of at most 15 digits",
        ),
    ]);
}

#[test]
fn groups_and_connections_are_refused_field_by_field() {
    let group = "apiVersion: dayend/v1\nkind: BatchGroup\ncode: G\nmembers: ";
    let connection = "apiVersion: dayend/v1\nkind: Connection\ncode: C\n";
    let cases = [
        (group, "[{after: [A]}]", "4:11 members[0].batch: `batch` is missing: add it"),
        (
            group,
            "[A]",
            "4:11 members[0]: a member must be a map of batch, after, but this is a text",
        ),
        (
            group,
            "[{batch: A}, {batch: B, after: [{batch: A, task: A}]}]",
            "4:59 members[1].after[0].task: an edge names one code: remove the other",
        ),
        (
            connection,
            "name: x",
            "1:1 : the connection reaches nothing: add one of sqlite, postgres, http",
        ),
        (
            connection,
            "sqlite: {path: a}\nhttp: {base: \"https://h\"}",
            "5:7 http: a connection reaches one system: remove `http` or `sqlite`",
        ),
        (
            connection,
            "sqlite: {path: \":memory:\"}",
            "4:9 sqlite.path: the path must be the path of a file",
        ),
        (
            connection,
            "postgres: {url: \"postgres://u:p@h/d\"}",
            "4:17 postgres.url: the URL must not hold a password: name its place in `password: {env: …}` or `{file: …}`",
        ),
        (
            connection,
            "postgres: {url: \"postgres://u@h/d\", password: secret}",
            "4:47 postgres.password: a secret is never written down here: write {env: VARIABLE} or {file: PATH}",
        ),
        (
            connection,
            "postgres: {url: \"postgres://u@h/d\", password: {env: A, file: b}}",
            "4:47 postgres.password: a secret has one place: write either {env: VARIABLE} or {file: PATH}",
        ),
        (
            connection,
            "http: {base: \"https://h\", headers: {X-A: b}, secret_headers: {x-a: {env: A}}}",
            "4:63 http.secret_headers.x-a: the header `x-a` is there twice (case does not matter): remove one",
        ),
    ];
    assert_refused(cases.map(|(head, text, want)| (format!("{head}{text}"), want)));
}

#[test]
fn all_defects_of_all_files_are_reported_together() {
    let first = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n  - {code: 1, noop: {}}\n  - {code: A}\n---\nbroken: [\n---\nkind: Batch\n";
    let second = "just text\n";
    let defects = read(&[file("a.yaml", first), file("b.yaml", second)]).unwrap_err();
    let shown: Vec<String> =
        defects.iter().map(|defect| format!("{} {}", defect.file, shown(defect))).collect();
    let starts = [
        "a.yaml 5:12 tasks[0].code:",
        "a.yaml 6:5 tasks[1]:",
        "a.yaml 8:9 :",
        "a.yaml 10:1 apiVersion:",
        "a.yaml 10:1 code:",
        "a.yaml 10:1 tasks:",
        "b.yaml 1:1 :",
    ];
    assert_eq!(shown.len(), starts.len(), "{shown:#?}");
    for (shown, start) in shown.iter().zip(starts) {
        assert!(shown.starts_with(start), "{shown} should start with {start}");
    }
}

#[test]
fn at_most_a_hundred_defects_are_reported() {
    let tasks = "  - {code: 1, bad: 2}\n".repeat(5000);
    let text = format!("apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n{tasks}");
    assert_eq!(defects_of(&text).len(), 100);
}

#[test]
fn parameter_values_are_kept_exactly_as_written() {
    let text = document(
        "{code: A, noop: {}, params: {A: 007, B: yes, C: 1.50, $D$: \" x \", E: True, F: 2026-10-30, G: \"null\"}}",
    );
    let parsed = read_one(&text).unwrap();
    let Definition::Batch(batch) = &parsed[0].definition else { panic!("a batch was written") };
    let spec = batch.tasks.spec(0);
    let params: Vec<(&str, &str)> =
        spec.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let want = [
        ("A", "007"),
        ("B", "yes"),
        ("C", "1.50"),
        ("D", " x "),
        ("E", "True"),
        ("F", "2026-10-30"),
        ("G", "null"),
    ];
    assert_eq!(params, want);
}

#[test]
fn json_is_read_like_yaml() {
    let json = "{\n\t\"apiVersion\": \"dayend/v1\",\n\t\"kind\": \"Batch\",\n\t\"code\": \"B\",\n\t\"tasks\": [\n\t\t{\"code\": \"A\", \"name\": \"\\ud83d\\ude00 a\\/b\", \"noop\": {}}\n\t]\n}\n";
    let yaml = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n  - code: A\n    name: 😀 a/b\n    noop: {}\n";
    let (json, yaml) = (read_one(json).unwrap(), read_one(yaml).unwrap());
    assert_eq!(json[0].definition, yaml[0].definition);
}
