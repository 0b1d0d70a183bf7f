//! Over time: what is never finished, what nobody needs, and what is too old goes.

use crate::desk::{blobs, bytes, files, names, store, wanted};
use dayend_service::files::FileError;
use dayend_testkit::app::TestApp;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn what_is_left_of_an_interrupted_upload_is_gone_after_a_day() {
    let app = TestApp::new().await;
    let mut incoming = files(&app).begin(wanted(&app, "half")).await.unwrap();
    incoming.write(&vec![7; 1_000_000]).await.unwrap();
    // As if the process had been killed: nothing is cleaned up on the way out.
    std::mem::forget(incoming);
    store(&app, "whole", b"x").await;
    let dir = app.files_dir();
    assert_eq!((names(&app).await, blobs(&dir)), (vec!["whole".to_owned()], 2));
    files(&app).sweep().await.unwrap();
    app.clock.advance(23 * HOUR);
    files(&app).sweep().await.unwrap();
    assert_eq!(blobs(&dir), 2, "it may still be on its way");
    app.clock.advance(2 * HOUR);
    files(&app).sweep().await.unwrap();
    assert_eq!((names(&app).await, blobs(&dir)), (vec!["whole".to_owned()], 1));
    app.verify().await;
}

#[tokio::test]
async fn an_upload_that_takes_longer_than_a_day_comes_too_late_and_harms_nothing() {
    let app = TestApp::new().await;
    let mut incoming = files(&app).begin(wanted(&app, "slow")).await.unwrap();
    incoming.write(b"x").await.unwrap();
    app.clock.advance(25 * HOUR);
    files(&app).sweep().await.unwrap();
    assert!(incoming.finish().await.is_err());
    assert_eq!(names(&app).await, Vec::<String>::new());
    assert_eq!(blobs(&app.files_dir()), 0);
}

#[tokio::test]
async fn files_that_are_too_old_go_and_their_room_is_free() {
    let app = TestApp::new().await;
    store(&app, "old", &vec![1; 8 << 20]).await;
    app.clock.advance(29 * 24 * HOUR);
    store(&app, "new", &vec![2; 8 << 20]).await;
    let mut full = files(&app).begin(wanted(&app, "more")).await.unwrap();
    assert!(matches!(full.write(&vec![3; 1 << 20]).await, Err(FileError::Quota(_))));
    drop(full);
    app.clock.advance(2 * 24 * HOUR);
    files(&app).sweep().await.unwrap();
    files(&app).sweep().await.unwrap();
    assert_eq!(names(&app).await, ["new"]);
    assert_eq!(blobs(&app.files_dir()), 1);
    store(&app, "more", &vec![3; 1 << 20]).await;
    assert_eq!(names(&app).await, ["more", "new"]);
    app.verify().await;
}

#[tokio::test]
async fn of_two_who_store_the_same_name_at_the_same_time_one_comes_last_and_nothing_is_lost() {
    let app = TestApp::new().await;
    let both = (0..20_u8).map(|at| {
        let (exchange, put) = (Arc::clone(files(&app)), wanted(&app, "same"));
        tokio::spawn(async move {
            let mut incoming = exchange.begin(put).await.unwrap();
            incoming.write(&[at; 1000]).await.unwrap();
            incoming.finish().await
        })
    });
    for stored in futures_util::future::join_all(both.collect::<Vec<_>>()).await {
        stored.unwrap().unwrap();
    }
    let bytes = bytes(&app, "same").await.unwrap();
    assert!(bytes.len() == 1000 && bytes.iter().all(|byte| *byte == bytes[0]), "a mixture");
    files(&app).sweep().await.unwrap();
    assert_eq!(blobs(&app.files_dir()), 1, "the nineteen others are gone");
    // All of them together would be more than the quota, if what was replaced still counted.
    for _ in 0..3 {
        store(&app, "same", &vec![1; 8 << 20]).await;
    }
}

#[tokio::test]
async fn a_store_that_fails_leaves_neither_a_file_nor_its_loss() {
    let (app, flaky) = TestApp::flaky().await;
    store(&app, "kept", b"old").await;
    for fate in [dayend_testkit::flaky::Fate::NotDone, dayend_testkit::flaky::Fate::DoneUnknown] {
        let mut incoming = files(&app).begin(wanted(&app, "kept")).await.unwrap();
        incoming.write(b"new").await.unwrap();
        flaky.script(&[fate]);
        let finished = incoming.finish().await;
        app.settled().await;
        let bytes = bytes(&app, "kept").await.unwrap();
        assert_eq!(bytes, if finished.is_ok() { b"new" } else { b"old" }, "{fate:?}");
    }
    app.clock.advance(25 * HOUR);
    files(&app).sweep().await.unwrap();
    assert_eq!(blobs(&app.files_dir()), 1);
    app.verify().await;
}
