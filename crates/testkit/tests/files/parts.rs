//! Parts that come to their end while their upload does.

use crate::desk::{blobs, bytes, files, link, name, part, store, upload};
use dayend_service::files::{FileError, Parts};
use dayend_testkit::app::TestApp;
use std::sync::Arc;
use std::time::Duration;

const ROUNDS: u8 = 25;
const LATE: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_part_that_ends_while_its_upload_does_is_in_the_file_or_refused() {
    let app = TestApp::new().await;
    for round in 0..ROUNDS {
        let link = link(&app, "joined").await;
        let upload = upload(&app, &link).await;
        part(&app, &link, (&upload, 1), &[round; 1000]).await.finish().await.unwrap();
        let mut ending = Vec::new();
        for late in 2..2 + LATE {
            let content = [u8::try_from(late).unwrap() ^ round; 2000];
            let part = part(&app, &link, (&upload, late), &content).await;
            ending
                .push(tokio::spawn(async move { part.finish().await.is_ok().then_some(content) }));
        }
        let joining = {
            let (exchange, link, upload) = (Arc::clone(files(&app)), link.clone(), upload.clone());
            tokio::spawn(
                async move { exchange.commit_upload(&link, &upload, &Parts::default()).await },
            )
        };
        let mut want = [round; 1000].to_vec();
        for late in futures_util::future::join_all(ending).await {
            want.extend(late.unwrap().iter().flatten());
        }
        let shown = joining.await.unwrap().unwrap();
        assert_eq!(shown.size_bytes, want.len() as u64, "round {round}");
        assert!(bytes(&app, "joined").await.unwrap() == want, "round {round}");
        // What was not taken goes; what was stays.
        app.clock.advance(Duration::from_hours(25));
        files(&app).sweep().await.unwrap();
        assert!(bytes(&app, "joined").await.unwrap() == want, "round {round}");
        assert_eq!(blobs(&app.files_dir()), want.len().div_ceil(2000), "round {round}");
    }
    files(&app).remove(&app.scope, &name("joined"), "tester").await.unwrap();
    files(&app).sweep().await.unwrap();
    // What was refused does not count: all of the quota is there.
    for whole in ["a", "b"] {
        store(&app, whole, &vec![1; 8 << 20]).await;
    }
    app.verify().await;
}

/// What a part reads before it is written: what it is due for, its upload, and the part of its number.
const READS_OF_A_PART: u64 = 3;

/// The part looks when parts may still come, and is written when they may not any more.
#[tokio::test]
async fn a_part_whose_upload_is_closed_before_it_is_written_is_refused() {
    let (app, flaky) = TestApp::flaky().await;
    let link = link(&app, "joined").await;
    let upload = upload(&app, &link).await;
    part(&app, &link, (&upload, 1), b"first").await.finish().await.unwrap();
    let late = part(&app, &link, (&upload, 2), b"late").await;
    let before = flaky.arrived();
    flaky.hold();
    let joining = {
        let (exchange, link, upload) = (Arc::clone(files(&app)), link.clone(), upload.clone());
        tokio::spawn(async move { exchange.commit_upload(&link, &upload, &Parts::default()).await })
    };
    flaky.arrived_after(before).await;
    let before = flaky.reads();
    let ending = tokio::spawn(late.finish());
    // When it reads for the last time, the upload that it found was still open.
    while flaky.reads() < before + READS_OF_A_PART {
        tokio::task::yield_now().await;
    }
    flaky.let_go();
    assert!(matches!(
        ending.await.unwrap(),
        Err(FileError::Conflict(_) | FileError::NotFound { .. })
    ));
    assert_eq!(joining.await.unwrap().unwrap().size_bytes, 5);
    assert_eq!(bytes(&app, "joined").await.unwrap(), b"first");
}
