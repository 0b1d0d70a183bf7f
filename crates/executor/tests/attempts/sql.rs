use crate::harness::{Place, attempt, attempt_with, connected, sql};
use crate::postgres::Cluster;
use dayend_engine::definition::{ConnectionTarget, SecretRef};
use dayend_executor::port::{Attempt, Executor, Outcome};
use sqlx::{Connection, Executor as _, PgConnection, Row, SqliteConnection};

fn sqlite() -> ConnectionTarget {
    ConnectionTarget::Sqlite { path: "ledger.db".to_owned() }
}

fn on_sqlite(statement: &str, params: &[(&str, &str)]) -> Attempt {
    connected(attempt_with(sql(statement), params), sqlite())
}

#[tokio::test]
async fn statements_on_sqlite_bind_their_parameters_and_count_their_rows() {
    let place = Place::new();
    let mut node = place.node();
    let hostile = "x'); drop table t; --";
    let trigger = "create table log (n); create trigger r after insert on t begin insert into log values (new.a); insert into log values (';'); end; insert into t values ('z', 0)";
    #[rustfmt::skip]
    let cases = [
        ("create table t (a text, b integer)", "0 rows affected"),
        ("insert into t values ($P$, 1), ('$P$', 2), ('b', 3)", "3 rows affected"),
        ("select a from t where b = 1", "1 row: x'); drop table t; --"),
        ("select sum(b) from t", "1 row: 6"),
        ("select avg(b) * 1.25 from t", "1 row: 2.5"),
        ("select null", "1 row: NULL"),
        ("select a, b from t", "3 rows"),
        ("select a from t where a = $D$", "0 rows"),
        ("update t set b = b + 1 where a = $P$; delete from t where b = 3; select count(*) from t", "4 rows affected; 1 row: 1"),
        ("insert into t values ('c', 9) returning b", "1 row affected; 1 row: 9"),
        ("with n as (select 5 as v) insert into t select 'w', v from n", "1 row affected"),
        (trigger, "1 row affected"),
        ("select count(*) from log", "1 row: 2"),
        ("vacuum", "0 rows affected"),
        ("pragma user_version", "1 row: 0"),
    ];
    for (statement, want) in cases {
        let attempt = on_sqlite(statement, &[("P", hostile), ("D", "2026-10-30")]);
        let id = attempt.id;
        assert_eq!(node.run(attempt).await, (Outcome::Succeeded, want.to_owned()), "{statement}");
        let log = node.log_text(id);
        let values_are_logged = log.lines().next().is_some_and(|line| line.contains("drop table"));
        assert!(log.contains("LEDGER: ") && log.contains(want) && !values_are_logged, "{log}");
    }
}

#[tokio::test]
async fn several_statements_happen_all_or_not_at_all() {
    let place = Place::new();
    let mut node = place.node();
    node.run(on_sqlite("create table t (a integer unique)", &[])).await;
    let (outcome, message) =
        node.run(on_sqlite("insert into t values (1); insert into t values (1)", &[])).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.contains("UNIQUE constraint failed"), "{message}");
    assert_eq!(node.run(on_sqlite("select count(*) from t", &[])).await.1, "1 row: 0");
    for (statement, want) in [
        ("selec 1", "syntax error"),
        ("select * from missing", "no such table"),
        ("attach 'x' as y", "other files"),
        ("", "empty"),
    ] {
        let (outcome, message) = node.run(on_sqlite(statement, &[])).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(message.contains(want), "{statement}: {message}");
    }
}

#[tokio::test]
async fn a_running_sqlite_statement_is_really_stopped() {
    let place = Place::new();
    let mut node = place.node();
    node.run(on_sqlite("create table t (n integer)", &[])).await;
    let endless = "insert into t with recursive c(n) as (select 1 union all select n + 1 from c) select n from c";
    let attempt = on_sqlite(endless, &[]);
    let id = attempt.id;
    node.executors.start(attempt);
    node.started(id).await;
    node.executors.stop(id);
    let (outcome, message) = node.end_of(id).await;
    assert_eq!((outcome, message.as_str()), (Outcome::Failed, "stopped: interrupted"));
    assert_eq!(node.run(on_sqlite("select count(*) from t", &[])).await.1, "1 row: 0");
}

#[tokio::test]
async fn a_locked_sqlite_file_is_waited_for_and_the_wait_can_be_stopped() {
    let place = Place::new();
    let mut node = place.node();
    node.run(on_sqlite("create table t (n integer)", &[])).await;
    let url = format!("sqlite://{}", place.work().join("ledger.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("begin immediate").await.unwrap();
    let stopped = on_sqlite("insert into t values (1)", &[]);
    let waiting = on_sqlite("insert into t values (2)", &[]);
    let (stopped_id, waiting_id) = (stopped.id, waiting.id);
    node.executors.start(stopped);
    node.started(stopped_id).await;
    node.executors.start(waiting);
    node.started(waiting_id).await;
    node.executors.stop(stopped_id);
    let (outcome, message) = node.end_of(stopped_id).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.starts_with("stopped: "), "{message}");
    other.execute("commit").await.unwrap();
    assert_eq!(node.end_of(waiting_id).await, (Outcome::Succeeded, "1 row affected".to_owned()));
    assert_eq!(node.run(on_sqlite("select n from t", &[])).await.1, "1 row: 2");
}

#[tokio::test]
async fn a_statement_that_was_under_way_when_the_server_died_is_lost() {
    let place = Place::new();
    let mut node = place.node();
    let attempt = on_sqlite("select 1", &[]);
    let id = attempt.id;
    node.executors.adopt(attempt);
    assert_eq!(node.end_of(id).await.0, Outcome::Lost);
}

#[tokio::test]
async fn a_shutdown_loses_a_statement_that_does_not_end_and_stops_it() {
    let place = Place::new();
    let mut node =
        place.node_with(|settings| settings.drain = std::time::Duration::from_millis(20));
    let endless = on_sqlite(
        "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c",
        &[],
    );
    let id = endless.id;
    node.executors.start(endless);
    node.started(id).await;
    node.executors.shutdown().await;
    assert_eq!(node.end_of(id).await.0, Outcome::Lost);
}

#[tokio::test]
async fn statements_on_postgres_bind_count_and_are_really_stopped() {
    let cluster = Cluster::start().unwrap();
    let place = Place::new();
    let mut node = place.node();
    let secret = place.root.path().join("password");
    std::fs::write(&secret, format!("{}\n", cluster.password())).unwrap();
    let password = Some(SecretRef::File(secret.to_str().unwrap().to_owned()));
    let target = ConnectionTarget::Postgres { url: cluster.url(), password };
    let on_postgres = |statement: &str| {
        connected(
            attempt_with(sql(statement), &[("P", "x'); drop table t; --"), ("D", "2026-10-30")]),
            target.clone(),
        )
    };
    #[rustfmt::skip]
    let cases = [
        ("create table t (a text, b numeric(12, 2), d date)", "0 rows affected"),
        ("insert into t values ($P$, 1.50, $D$::date), ('b', 1000000.25, '2026-10-31')", "2 rows affected"),
        ("select a from t where d = $D$::date", "1 row: x'); drop table t; --"),
        ("select sum(b) from t", "1 row: 1000001.75"),
        ("select count(*) from t", "1 row: 2"),
        ("select max(d) from t", "1 row: 2026-10-31"),
        ("select a, b from t", "2 rows"),
        ("select now() - now()", "1 row: a value of type INTERVAL"),
        ("update t set b = 0; delete from t where a = 'b' returning b::int; select 1 = 1", "3 rows affected; 1 row: true"),
        ("do $$ begin perform 1; end $$", "0 rows affected"),
        ("vacuum t", "0 rows affected"),
    ];
    for (statement, want) in cases {
        assert_eq!(
            node.run(on_postgres(statement)).await,
            (Outcome::Succeeded, want.to_owned()),
            "{statement}"
        );
    }
    let (outcome, message) =
        node.run(on_postgres("insert into t values ('n'); select 1 / 0")).await;
    assert_eq!((outcome, message.as_str()), (Outcome::Failed, "division by zero (22012)"));
    assert_eq!(node.run(on_postgres("select count(*) from t where a = 'n'")).await.1, "1 row: 0");
    let wrong = ConnectionTarget::Postgres { url: cluster.url(), password: None };
    let (outcome, message) = node.run(connected(attempt(sql("select 1")), wrong)).await;
    assert!(outcome == Outcome::Failed && message.contains("password"), "{message}");

    let mut watcher = PgConnection::connect(&cluster.url_with_password()).await.unwrap();
    for statement in [
        "select pg_sleep(600) /* endless */",
        "update t set b = 1; select pg_sleep(600) /* endless */",
    ] {
        let attempt = on_postgres(statement);
        let id = attempt.id;
        node.executors.start(attempt);
        while endless_statements(&mut watcher).await == 0 {
            tokio::task::yield_now().await;
        }
        node.executors.stop(id);
        let (outcome, message) = node.end_of(id).await;
        assert_eq!(outcome, Outcome::Failed);
        assert_eq!(message, "stopped: canceling statement due to user request (57014)");
        // The server answers a moment before it lists the statement as ended.
        while endless_statements(&mut watcher).await > 0 {
            tokio::task::yield_now().await;
        }
    }

    let attempt = on_postgres("select pg_sleep(600) /* endless */");
    let id = attempt.id;
    node.executors.start(attempt);
    while endless_statements(&mut watcher).await == 0 {
        tokio::task::yield_now().await;
    }
    cluster.crash_and_restart().unwrap();
    let (outcome, message) = node.end_of(id).await;
    assert_ne!(outcome, Outcome::Succeeded, "{message}");
}

async fn endless_statements(watcher: &mut PgConnection) -> i64 {
    let query = "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%' and pid <> pg_backend_pid()";
    watcher.fetch_one(query).await.unwrap().get(0)
}
