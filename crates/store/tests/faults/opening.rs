use crate::suite::postgres::Server;
use dayend_store::port::{
    CommitError, Group, GroupId, OwnerEpoch, Partition, Store as _, StoreError,
};
use dayend_store::{PostgresOptions, PostgresStore};
use secrecy::SecretString;
use std::time::Duration;

#[tokio::test]
async fn a_second_process_is_refused_until_the_first_one_is_gone() {
    let server = Server::start().await;
    let (first, url) = (server.store("ready").await, server.url("ready"));
    let quick = PostgresOptions { lock_timeout: Duration::ZERO, ..PostgresOptions::default() };
    let error = server.try_store(&url, quick).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    assert!(error.to_string().ends_with("/ready is in use by another Dayend process"), "{error}");
    first.close().await;
    let second = server.try_store(&url, quick).await.unwrap();
    // A process that is killed closes nothing.
    drop(second);
    server.store("ready").await.close().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_ours_is_refused_with_a_sentence() {
    let server = Server::start().await;
    server.run("postgres", "CREATE DATABASE foreign_one").await;
    server.run("foreign_one", "CREATE TABLE accounts (number TEXT)").await;
    server.run("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0").await;
    let newer = server.copy("ready").await;
    server.run(&newer, "UPDATE _sqlx_migrations SET version = 9 WHERE version = 3").await;
    let altered = server.copy("ready").await;
    server.run(&altered, "UPDATE _sqlx_migrations SET checksum = '\\x00'").await;
    let cases = [
        (server.url("foreign_one"), "it holds tables of another program"),
        (server.url("latin"), "the database's encoding is LATIN1: UTF8 is needed"),
        (server.url("missing"), "database \"missing\" does not exist"),
        (server.url(&newer), "its schema version is 9, and this program knows up to 3"),
        (server.url(&altered), "schema step 1 of the database is not the one of this program"),
        ("postgres://nobody@127.0.0.1:1/x".to_owned(), "the connection failed"),
    ];
    for (url, sentence) in cases {
        let error =
            server.try_store(&url, PostgresOptions::default()).await.unwrap_err().to_string();
        assert!(error.contains(sentence), "{url}: {error}");
    }
    let wrong = Some(SecretString::from("geheim"));
    let refused =
        PostgresStore::open(&server.url("ready"), wrong, PostgresOptions::default()).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("refuses the log-in") && !error.contains("geheim"), "{error}");
}

#[tokio::test]
async fn a_database_opened_for_reading_is_verified_beside_its_server_and_not_changed() {
    let server = Server::start().await;
    let password = || Some(SecretString::from(server.cluster.password()));
    let url = server.url("ready");
    let serving = server.store("ready").await;
    let reading =
        PostgresStore::open_read_only(&url, password(), PostgresOptions::default()).await.unwrap();
    assert_eq!(reading.verify().await.unwrap().defects, Vec::<String>::new());
    let group = Group {
        id: GroupId(1),
        partition: Partition(0),
        epoch: OwnerEpoch(1),
        at: dayend_engine::time::Timestamp(1),
        writes: vec![],
    };
    let refused = reading.commit(group).await.unwrap_err();
    assert!(matches!(refused, CommitError::NotDone(StoreError::Unsupported(_))), "{refused}");
    reading.close().await;
    serving.close().await;
    server.run("postgres", "CREATE DATABASE empty_one").await;
    let url = server.url("empty_one");
    let refused = PostgresStore::open_read_only(&url, password(), PostgresOptions::default()).await;
    assert!(refused.unwrap_err().to_string().contains("has an older schema"));
}

#[tokio::test]
async fn two_that_start_together_on_an_empty_database_make_one_schema() {
    let server = Server::start().await;
    server.run("postgres", "CREATE DATABASE fresh").await;
    let url = server.url("fresh");
    let quick = PostgresOptions { lock_timeout: Duration::ZERO, ..PostgresOptions::default() };
    let (one, other) = tokio::join!(server.try_store(&url, quick), server.try_store(&url, quick));
    let mut opened = 0;
    for result in [one, other] {
        match result {
            Ok(store) => {
                opened += 1;
                assert_eq!(store.verify().await.unwrap().defects, Vec::<String>::new());
                store.close().await;
            }
            Err(error) => assert!(matches!(error, StoreError::InUse(_)), "{error}"),
        }
    }
    assert_eq!(opened, 1);
}
