//! What definitions say about each other.

use super::{file, shown};
use crate::definitions::{Found, TargetKind, check_references, read, warnings};
use dayend_engine::definition::Kind;

const BATCH: &str = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n";

fn stored(kind: Kind, code: &str) -> Option<Found> {
    match (kind, code) {
        (Kind::Batch, "OLD") => Some(Found::Batch),
        (Kind::BatchGroup, "OLD_GROUP") => Some(Found::BatchGroup),
        (Kind::Connection, "DB") => Some(Found::Connection(TargetKind::Sqlite)),
        (Kind::Connection, "API") => Some(Found::Connection(TargetKind::Http)),
        (Kind::Batch | Kind::BatchGroup | Kind::Connection, _) => None,
    }
}

fn references_of(text: &str) -> Vec<String> {
    let parsed = read(&[file("a.yaml", text)]).unwrap();
    let defects = check_references(&parsed, &|kind, code| stored(kind, code.as_str()));
    defects.iter().map(shown).collect()
}

#[test]
fn references_to_stored_definitions_are_resolved() {
    let group = "apiVersion: dayend/v1\nkind: BatchGroup\ncode: G\nmembers: [{batch: OLD}, {batch: B}]\n---\n";
    let text = format!(
        "{group}{BATCH}  - {{code: S, sql: {{connection: DB, statement: x}}}}\n  - {{code: H, http: {{connection: API, url: /x}}}}\n"
    );
    assert_eq!(references_of(&text), Vec::<String>::new());
}

#[test]
fn references_that_lead_nowhere_are_refused_where_they_stand() {
    let cases = [
        (
            format!(
                "{BATCH}  - {{code: N, noop: {{}}}}\n  - {{code: S, sql: {{connection: NO_DB, statement: x}}}}\n"
            ),
            "6:33 tasks[1].sql.connection: the connection `NO_DB` does not exist: correct the code, or apply the connection too",
        ),
        (
            format!("{BATCH}  - {{code: S, sql: {{connection: API, statement: x}}}}\n"),
            "5:33 tasks[0].sql.connection: `API` is an http connection, but an sql task needs one with `sqlite` or `postgres`",
        ),
        (
            format!("{BATCH}  - {{code: H, http: {{connection: DB, url: /x}}}}\n"),
            "5:34 tasks[0].http.connection: `DB` is a connection to a database, but an http task needs one with `http`",
        ),
        (
            "apiVersion: dayend/v1\nkind: BatchGroup\ncode: G\nmembers: [{batch: NEW}]\n"
                .to_owned(),
            "4:19 members[0].batch: the batch `NEW` does not exist: correct the code, or apply the batch too",
        ),
        (
            "apiVersion: dayend/v1\nkind: BatchGroup\ncode: G\nmembers: [{batch: OLD_GROUP}]\n"
                .to_owned(),
            "4:19 members[0].batch: `OLD_GROUP` is a BatchGroup, but only batches can be members: name its batches",
        ),
        (
            "apiVersion: dayend/v1\nkind: BatchGroup\ncode: OLD\nmembers: [{batch: OLD}]\n"
                .to_owned(),
            "3:7 code: `OLD` is the code of a stored Batch: choose another code",
        ),
        (
            format!("{}  - {{code: N, noop: {{}}}}\n", BATCH.replace("code: B", "code: OLD_GROUP")),
            "3:7 code: `OLD_GROUP` is the code of a stored BatchGroup: choose another code",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(references_of(&text).join("\n"), want, "{text}");
    }
}

#[test]
fn a_code_is_defined_once_in_a_call() {
    let batch = format!("{BATCH}  - {{code: N, noop: {{}}}}\n");
    let parsed = read(&[file("a.yaml", &batch), file("b.yaml", &format!("\n{batch}"))]).unwrap();
    let defects = check_references(&parsed, &|_, _| None);
    assert_eq!(
        defects.iter().map(shown).collect::<Vec<_>>(),
        ["4:7 code: the Batch `B` is also defined in a.yaml line 3: remove one of the two"]
    );
    assert_eq!(defects[0].file, "b.yaml");

    let group = "---\napiVersion: dayend/v1\nkind: BatchGroup\ncode: B\nmembers: [{batch: B}]\n";
    assert_eq!(
        references_of(&format!("{batch}{group}")),
        ["9:7 code: `B` is the code of the Batch in a.yaml line 3 too: rename one"]
    );

    let connection =
        "---\napiVersion: dayend/v1\nkind: Connection\ncode: B\nsqlite: {path: x.db}\n";
    assert_eq!(
        references_of(&format!("{batch}{connection}")),
        Vec::<String>::new(),
        "connections have codes of their own"
    );
}

#[test]
fn placeholders_that_nothing_fills_are_warned_of() {
    let command = "  - {code: C, command: {argv: [a, \"$P$ $Q$ $FICMISDATE$ $1 $$\"], env: {E: $R$}}, params: {R: 2}}\n";
    let http = "  - {code: H, http: {url: \"https://h/$R$\", body: {a: [{b: $S$}]}}}\n";
    let text = format!("{BATCH}{command}{http}params: {{P: 1}}\n");
    let parsed = read(&[file("a.yaml", &text)]).unwrap();
    let problem = |name: &str| {
        format!(
            "`${name}$` is not declared and stays as it is written: declare `{name}` in `params` if it is a parameter"
        )
    };
    let want = [
        format!("5:12 tasks[0].command.argv[1]: {}", problem("Q")),
        format!("6:12 tasks[1].http.url: {}", problem("R")),
        format!("6:12 tasks[1].http.body.a[0].b: {}", problem("S")),
    ];
    assert_eq!(warnings(&parsed[0]).iter().map(shown).collect::<Vec<_>>(), want);
}
