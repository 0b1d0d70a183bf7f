//! What was read is written, and what was written is read.

use super::read_one;
use crate::definitions::{export, pack, unpack};
use dayend_engine::codes::Code;
use dayend_engine::definition::{
    Batch, CommandFiles, CommandWork, Connection, ConnectionTarget, Definition, Edge, FileWork,
    Group, HttpWork, InputFile, Member, On, OnLost, OutputFile, Retries, SecretRef, SqlWork, Task,
    Work,
};
use dayend_engine::time::TimeOfDay;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::collections::BTreeMap;

proptest! {
    #[test]
    fn an_export_is_read_back_and_exported_again_byte_for_byte(definitions in vec(definitions(), 1..4)) {
        let text = export(&definitions);
        let parsed = read_one(&text).map_err(|defects| TestCaseError::fail(format!("{defects:#?}\n{text}")))?;
        let again: Vec<Definition> = parsed.into_iter().map(|parsed| parsed.definition).collect();
        prop_assert_eq!(&again, &definitions, "{}", text);
        prop_assert_eq!(export(&again), text);
    }

    #[test]
    fn the_stored_text_is_read_back_and_stable(definition in definitions()) {
        let content = pack(&definition);
        let again = unpack(&content.digest, &content.parts).unwrap();
        prop_assert_eq!(&again, &definition);
        prop_assert_eq!(pack(&again), content);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}:,&*!|>'\"%#\\-?a-c0-9 \t\n]{0,80}") {
        // The result does not matter, only that there is one.
        let _ = read_one(&text);
        let _ = read_one(&format!("apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n- {text}"));
    }
}

#[test]
fn an_export_reads_like_a_hand_written_document() {
    let text = "apiVersion: dayend/v1
kind: Batch
code: EOD_FX
name: FX rates and revaluation
description: Loads the day's rates
params: { RATE_SOURCE: ecb, EMPTY: \"\", ZERO: 007 }
tasks:
  - code: LOAD_RATES
    command: { argv: [./load.sh, $FICMISDATE$, 5], env: { SRC: $RATE_SOURCE$ } }
    timeout: 90m
    retries: { max: 3, backoff: 10s, max_backoff: 5m }
    on_lost: retry
  - code: REVALUE
    sql: { connection: LEDGER, statement: \"update position\\n  set value = 1\\nwhere day = $FICMISDATE$\" }
    after: [LOAD_RATES]
  - code: NOTIFY
    http: { url: \"https://host/notify\", headers: { X-Team: fx }, body: { text: done, n: 1.50 } }
    after: [{ task: REVALUE, on: end }, LOAD_RATES]
---
apiVersion: dayend/v1
kind: BatchGroup
code: EOD
members: [{ batch: EOD_FX }, { batch: EOD_REPORTS, after: [EOD_FX] }]
---
apiVersion: dayend/v1
kind: Connection
code: LEDGER
postgres: { url: \"postgres://ledger@db/ledger\", password: { env: LEDGER_PASSWORD } }
";
    let definitions: Vec<Definition> =
        read_one(text).unwrap().into_iter().map(|parsed| parsed.definition).collect();
    insta::assert_snapshot!("export", export(&definitions));
}

fn definitions() -> impl Strategy<Value = Definition> {
    let titles = || (codes(), names(), descriptions());
    prop_oneof![
        (titles(), params(), vec((task_fields(), any::<u64>()), 1..6)).prop_map(
            |((code, name, description), params, fields)| {
                let tasks = fields
                    .into_iter()
                    .enumerate()
                    .map(|(index, (task, edges))| numbered(task, index, edges))
                    .collect();
                Definition::Batch(Batch { code, name, description, params, tasks })
            }
        ),
        (titles(), vec(any::<u64>(), 1..6)).prop_map(|((code, name, description), edges)| {
            let members = edges.into_iter().enumerate().map(|(index, edges)| Member {
                batch: numbered_code(index),
                after: earlier(index, edges),
            });
            Definition::BatchGroup(Group { code, name, description, members: members.collect() })
        }),
        (titles(), targets()).prop_map(|((code, name, description), target)| {
            Definition::Connection(Connection { code, name, description, target })
        }),
    ]
}

fn numbered_code(index: usize) -> Code {
    format!("T{index}").parse().unwrap()
}

fn numbered(mut task: Task, index: usize, edges: u64) -> Task {
    task.code = numbered_code(index);
    task.after = earlier(index, edges);
    task
}

/// Edges to some of the earlier nodes, two bits for each.
fn earlier(index: usize, bits: u64) -> Vec<Edge> {
    let edge = |node: usize| {
        let on = match bits >> (2 * node) & 3 {
            0 => return None,
            1 => On::Success,
            2 => On::Failure,
            _ => On::End,
        };
        Some(Edge { task: numbered_code(node), on })
    };
    (0..index).filter_map(edge).collect()
}

fn codes() -> impl Strategy<Value = Code> {
    prop_oneof![
        "[A-Za-z][A-Za-z0-9_]{0,59}",
        Just("NO".to_owned()),
        Just("null".to_owned()),
        Just("y".to_owned())
    ]
    .prop_map(|text| text.parse().unwrap())
}

/// Visible text of one line.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,20}",
        "[a-z#:,'\"&*!?%@` -]{1,12}",
        "[^\\p{C}\\p{Z}]{1,12}",
        Just("2026-10-30".to_owned())
    ]
    .prop_filter("not visible", |text| !text.chars().any(super::super::scalars::is_hidden))
}

fn descriptions() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), names(), "[a-b #:|-]{0,6}(\n[a-b #:|-]{0,6}){0,4}"]
}

/// Any text without NUL.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        names(),
        descriptions(),
        "[^\0]{0,20}",
        "[a-b \t\r\n]{0,12}",
        "[-+.0-9eExo_:~]{1,6}",
        Just("~".to_owned())
    ]
}

fn params() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map("[A-Za-z][A-Za-z0-9_]{0,8}", texts(), 0..4)
}

fn task_fields() -> impl Strategy<Value = Task> {
    let retries = (0..=10_000_u32, 0..10_000_000_u64, proptest::option::of(0..10_000_000_u64))
        .prop_map(|(max, backoff_ms, max_backoff_ms)| Retries { max, backoff_ms, max_backoff_ms });
    let timeout = proptest::option::of(1..10_000_000_u64);
    (names(), descriptions(), works(), params(), timeout, retries, any::<bool>()).prop_map(
        |(name, description, work, params, timeout_ms, retries, retry)| Task {
            code: numbered_code(0),
            name,
            description,
            work,
            params,
            after: Vec::new(),
            timeout_ms,
            retries,
            on_lost: if retry { OnLost::Retry } else { OnLost::Abort },
        },
    )
}

fn works() -> impl Strategy<Value = Work> {
    let argv = (names(), vec(texts(), 0..6))
        .prop_map(|(program, arguments)| [vec![program], arguments].concat());
    let env = btree_map("E[A-Z_0-9]{0,8}", texts(), 0..3);
    let headers = btree_map("X-[A-Z]{1,8}", "[!-#%-~]([ -#%-~]{0,8}[!-#%-~])?", 0..3);
    let methods = proptest::sample::select(super::super::work::METHODS.to_vec());
    let keys = "[a-z#: -]{1,8}";
    prop_oneof![
        Just(Work::Noop),
        (argv, env, files()).prop_map(|(argv, env, files)| Work::Command(CommandWork {
            argv,
            env,
            files
        })),
        waits().prop_map(Work::File),
        (methods, headers, proptest::option::of(codes()), vec((keys, bodies()), 0..4)).prop_map(
            |(method, headers, connection, body)| {
                let url = if connection.is_some() {
                    "/jobs/$P$?d=1"
                } else {
                    "https://host:8443/jobs/$P$?d=1"
                };
                let body = body.into_iter().collect();
                Work::Http(HttpWork {
                    method: method.to_owned(),
                    url: url.to_owned(),
                    connection,
                    headers,
                    body,
                })
            }
        ),
        (codes(), texts()).prop_map(|(connection, text)| Work::Sql(SqlWork {
            connection,
            statement: format!("x{text}")
        })),
    ]
}

/// Names that every file may have.
fn file_names() -> impl Strategy<Value = String> {
    "[a-z$#@,ü' _-]{1,6}(/[A-Z0-9.]{1,4}x){0,2}"
}

fn files() -> impl Strategy<Value = CommandFiles> {
    let optional = proptest::option::of;
    let input = (file_names(), "[*?]{0,2}", optional(file_names()), any::<bool>());
    let output = (file_names(), optional(file_names()), any::<bool>());
    (vec(input, 0..3), vec(output, 0..3)).prop_map(|(inputs, outputs)| {
        let inputs =
            inputs.into_iter().enumerate().map(|(index, (name, wild, place, optional))| {
                let place = place.map(|place| format!("{place}{index}"));
                InputFile { name: name + &wild, place, optional }
            });
        let outputs = outputs.into_iter().enumerate().map(|(index, (path, name, optional))| {
            let (path, name) =
                (format!("{path}{index}"), name.map(|name| format!("{name}n{index}")));
            OutputFile { path, name, optional }
        });
        CommandFiles { inputs: inputs.collect(), outputs: outputs.collect() }
    })
}

fn waits() -> impl Strategy<Value = FileWork> {
    let by = proptest::option::of((0..24_u8, 0..60_u8));
    let within = proptest::option::of(1..10_000_000_u64);
    let marker = proptest::option::of(file_names());
    let zone = proptest::option::of(proptest::sample::select(vec!["UTC", "Europe/Zurich"]));
    (file_names(), by, zone, within, marker, any::<u32>(), 0..10_000_000_u64).prop_map(
        |(name, by, zone, within, marker, min_bytes, stable_ms)| FileWork {
            name,
            by: by.map(|(hour, minute)| TimeOfDay { hour, minute }),
            zone: zone.filter(|_| by.is_some()).map(str::to_owned),
            within_ms: within.or(by.is_none().then_some(1)),
            marker,
            min_bytes: min_bytes.into(),
            stable_ms,
        },
    )
}

fn bodies() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (-999_999_999_i64..999_999_999, -6..6_i32).prop_map(|(digits, power)| {
            Json::from(format!("{digits}e{power}").parse::<f64>().unwrap())
        }),
        texts().prop_map(Json::String),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            vec(("[a-zü\"\\\\ ]{0,6}", inner), 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

fn targets() -> impl Strategy<Value = ConnectionTarget> {
    let file = "[a-zA-Z0-9_./ü #-]{1,12}";
    let secret = || {
        prop_oneof![
            "[A-Z_]{1,8}".prop_map(SecretRef::Env),
            "/[a-z #:]{1,8}".prop_map(SecretRef::File)
        ]
    };
    let headers = btree_map("X-[A-Z]{1,8}", "[!-#%-~]{1,8}", 0..3);
    let secrets = btree_map("S-[A-Z]{1,8}", secret(), 0..3);
    prop_oneof![
        file.prop_map(|path| ConnectionTarget::Sqlite { path }),
        proptest::option::of(secret()).prop_map(|password| ConnectionTarget::Postgres {
            url: "postgres://u@h:5432/d?sslmode=require".to_owned(),
            password
        }),
        (headers, secrets, proptest::option::of(file)).prop_map(
            |(headers, secret_headers, ca_file)| ConnectionTarget::Http {
                base: "https://host/api".to_owned(),
                headers,
                secret_headers,
                ca_file
            }
        ),
    ]
}
