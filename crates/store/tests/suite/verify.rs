use crate::suite::build::{
    Desk, change, claim, claimed, define, node, record, run, state, trigger,
};
use crate::suite::documents::put;
use crate::suite::home::Home;
use crate::suite::identity::{app, grant, issue, spend, token, user};
use dayend_engine::codes::RunKey;
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_store::port::{NodeRow, RunRow, RunState, Verified, Write};

/// A database with a row, or more, in every table.
pub(crate) async fn fill(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let member = RunRow { parent: Some((RunKey(1), 0)), rerun_of: Some(RunKey(1)), ..run(2) };
    let polled = NodeRow {
        wake_at: Some(Timestamp(5)),
        ended_at: Some(Timestamp(6)),
        handle: Some("poll".to_owned()),
        message: Some("rates are late".to_owned()),
        files: Some("[{\"use\":\"in\"}]".to_owned()),
        ..node(1, 0, 2)
    };
    let done = RunState {
        status: Status::Successful,
        ended: true,
        started_at: Some(Timestamp(3)),
        ended_at: Some(Timestamp(4)),
        ..state()
    };
    desk.commit(vec![
        claimed(Some(claim("k")), run(1), vec![node(1, 0, 1), node(1, 1, 1)]),
        trigger(member, vec![]),
        Write::PutUser { user: user("u1", "ann"), history: record("user") },
        Write::PutApp { app: app("cli"), history: record("app") },
        Write::PutGrant { grant: grant("BATCH_VIEW", true), history: record("grant") },
        issue(token(1, "f")),
        spend(1, token(2, "f")),
        define(&[("EOD_FX", 2, 1)]),
    ])
    .await;
    desk.commit(vec![change(1, done, vec![polled])]).await;
    desk.commit(vec![put("k", Some("p"), Some(Timestamp(7)))]).await;
    desk.store.close().await;
}

async fn verified(home: &dyn Home) -> Verified {
    let store = home.open().await;
    let verified = store.verify().await.unwrap();
    store.close().await;
    verified
}

pub(crate) async fn a_sound_database_has_no_defects(home: &dyn Home) {
    let fresh = home.open().await;
    assert_eq!(fresh.verify().await.unwrap(), Verified::default());
    fresh.close().await;
    drop(fresh);
    fill(home).await;
    assert_eq!(verified(home).await, Verified { records: 11, runs: 2, defects: vec![] });
}

pub(crate) async fn each_kind_of_tampering_is_a_defect(home: &dyn Home) {
    fill(home).await;
    #[rustfmt::skip]
    let cases = [
        ("a letter in a history detail", "UPDATE history SET detail = replace(detail, 'late', 'lame') WHERE run = 1",
            "the hash of record 10 is wrong"),
        ("who did it", "UPDATE history SET actor = 'bob@cli' WHERE seq = 4", "the hash of record 4 is wrong"),
        ("a deleted record", "DELETE FROM history WHERE seq = 5", "record 6 stands where record 5 must be"),
        ("a cut tail", "DELETE FROM history WHERE seq > 8", "ends with record 8, but record 11 was the last one written"),
        ("an emptied history", "DELETE FROM history", "ends with record 0"),
        ("a swapped order", "UPDATE history SET seq = CASE seq WHEN 4 THEN -5 ELSE -4 END WHERE seq IN (4, 5)", "record -5 stands"),
        ("a node's state", "UPDATE run_nodes SET state = 7 WHERE run = 1 AND node = 1", "node 1 is not as its history says"),
        ("a node's message", "UPDATE run_nodes SET message = 'rates are lame' WHERE node = 0", "node 0 is not as its history says"),
        ("a node's files", "UPDATE run_nodes SET files = '[]' WHERE node = 0", "node 0 is not as its history says"),
        ("a deleted node", "DELETE FROM run_nodes WHERE node = 1", "node 1 is in its history, but its row is missing"),
        ("an invented node", "INSERT INTO run_nodes SELECT run, 5, partition, owner_epoch, state, generation, attempt, epoch, wake_at, \
            started_at, ended_at, handle, message, files FROM run_nodes WHERE node = 1", "node 5 is not in its history"),
        ("a run's status", "UPDATE run_states SET status = 3 WHERE run = 1", "its state is not as its history says"),
        ("a status that does not exist", "UPDATE run_states SET status = 99 WHERE run = 1", "99, which is no status"),
        ("a run's parameters", "UPDATE runs SET params = replace(params, 'ecb', 'eca') WHERE key = 1", "does not match its fingerprint"),
        ("a deleted run", "DELETE FROM runs WHERE key = 1", "a state belongs to no run"),
        ("a deleted state", "DELETE FROM run_states WHERE run = 1", "a run has no state"),
        ("an invented run", "INSERT INTO runs SELECT 9, partition, owner_epoch, 'X_2026-10-30_1_1', tenant, service, workspace, kind, code, \
            mis_date, version, NULL, NULL, NULL, params, choices, triggered_by, created_at, fingerprint FROM runs WHERE key = 1", "a run has no state"),
        ("a definition's author", "UPDATE definitions SET author = 'bob@cli'", "does not match its fingerprint"),
        ("a definition's content", "UPDATE definition_parts SET bytes = fingerprint WHERE part = 1", "part 1 of definition version 1 does not match its fingerprint"),
        ("a deleted part", "DELETE FROM definition_parts WHERE part = 1", "a definition lacks parts, or has too many"),
        ("a part of nothing", "UPDATE definition_parts SET definition = 99 WHERE definition = 1", "a part belongs to no definition"),
        ("a deleted definition", "DELETE FROM definitions WHERE key = 1", "definition version that does not exist"),
        ("an idempotency key's answer", "UPDATE claims SET answer = '{}'", "the idempotency key `k` of `cli` does not match its fingerprint"),
        ("a password", "UPDATE users SET password = '$argon2id$y'", "user `ann` does not match its fingerprint"),
        ("a grant", "UPDATE grants SET function = 'ADMIN'", "the grant of `ADMIN` to `user:u1` does not match its fingerprint"),
        ("a document", "UPDATE documents SET expires_at = 8", "document `k` of kind `note` does not match its fingerprint"),
        ("an unspent token", "UPDATE refresh_tokens SET spent = 'unspent'", "a refresh token has a successor but is not spent"),
    ];
    let broken_text = home.broken_text();
    let broken_text = broken_text
        .map(|sql| ("a text that is not UTF-8", sql, "run number 1 cannot be read to the end"));
    assert_eq!(verified(home).await.defects, Vec::<String>::new());
    for (name, sql, sentence) in cases.into_iter().chain(broken_text) {
        let copy = home.copied().await;
        assert!(copy.tamper(sql).await > 0, "{name}: no row was changed");
        let defects = verified(&*copy).await.defects;
        assert!(defects.iter().any(|defect| defect.contains(sentence)), "{name}: {defects:#?}");
    }
}

/// Columns whose value is bookkeeping: a change of one of them changes no answer and no decision about the past.
#[rustfmt::skip]
const BOOKKEEPING: &[(&str, &str)] = &[
    ("_sqlx_migrations", "description"), ("_sqlx_migrations", "installed_on"), ("_sqlx_migrations", "execution_time"),
    ("commits", "id"), ("commits", "partition"), ("commits", "at"), ("commits", "writes"), ("commits", "lost"),
    ("run_nodes", "owner_epoch"), ("run_states", "owner_epoch"),
    ("partitions", "epoch"), ("partitions", "last_group"), ("partitions", "last_created_ms"), ("partitions", "settled"),
];
/// Columns without which the database is not even opened.
const REFUSED_AT_OPEN: &[(&str, &str)] = &[
    ("_sqlx_migrations", "version"),
    ("_sqlx_migrations", "checksum"),
    ("_sqlx_migrations", "success"),
];

pub(crate) async fn changing_any_column_that_matters_is_a_defect(home: &dyn Home) {
    fill(home).await;
    let columns = home.columns().await;
    assert!(columns.len() > 80, "{}", columns.len());
    for (table, column) in &columns {
        let name = (table.as_str(), column.as_str());
        if BOOKKEEPING.contains(&name) || REFUSED_AT_OPEN.contains(&name) {
            continue;
        }
        let copy = home.copied().await;
        let changed = copy.damage(table, column).await;
        assert!(changed > 0, "{table}.{column}: no row was changed");
        let defects = verified(&*copy).await.defects;
        assert!(!defects.is_empty(), "{table}.{column} was changed, and nobody noticed");
    }
}
