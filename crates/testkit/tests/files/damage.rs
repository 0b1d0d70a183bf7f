//! Bytes that are not what they were when they arrived.

use crate::desk::{bytes, files, link, name, part, store, stored, upload};
use dayend_service::files::{FileError, Parts};
use dayend_testkit::app::TestApp;
use futures_util::TryStreamExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Changes one bit.
fn flip(path: &Path, at: u64) {
    let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    byte[0] ^= 1;
    file.write_all_at(&byte, at).unwrap();
}

#[tokio::test]
async fn a_file_with_one_flipped_bit_is_never_handed_out_whole() {
    let app = TestApp::new().await;
    // Of one piece, of two whole ones, and of three of which the last is not whole.
    for size in [1, 1000, 512 << 10, (512 << 10) + 7] {
        let content: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for at in [0, size as u64 / 2, size as u64 - 1] {
            store(&app, "file", &content).await;
            assert!(bytes(&app, "file").await.unwrap() == content, "{size}");
            let [blob] = stored(&app.files_dir()).try_into().unwrap();
            flip(&blob, at);
            let found = files(&app).get(&app.scope, &name("file")).await.unwrap();
            let mut came = 0;
            let error = match found.read(0..size as u64).await {
                Err(error) => error,
                Ok(mut pieces) => loop {
                    match pieces.try_next().await {
                        Ok(piece) => {
                            came += piece.expect("it does not end as if it were whole").len();
                        }
                        Err(error) => break error.into(),
                    }
                },
            };
            assert!(matches!(error, FileError::Damaged(_)), "{size} at {at}: {error}");
            assert!(came < size, "{size} at {at}");
            assert_eq!(came == 0, size <= 256 << 10, "what has one piece is an error at once");
            // Whoever asks for a part of it has a part of it.
            if size > 1 {
                let part = found.read(0..1).await.unwrap();
                assert_eq!(part.try_collect::<Vec<_>>().await.unwrap().concat().len(), 1);
            }
            files(&app).remove(&app.scope, &name("file"), "tester").await.unwrap();
            files(&app).sweep().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_part_with_a_flipped_bit_does_not_become_part_of_a_file() {
    let app = TestApp::new().await;
    let link = link(&app, "joined").await;
    let upload = upload(&app, &link).await;
    part(&app, &link, (&upload, 1), &[1; 1000]).await.finish().await.unwrap();
    let [first] = stored(&app.files_dir()).try_into().unwrap();
    part(&app, &link, (&upload, 2), &[2; 1000]).await.finish().await.unwrap();
    flip(&first, 500);
    let joined = files(&app).commit_upload(&link, &upload, &Parts::default()).await;
    assert_eq!(joined.unwrap_err(), FileError::Damaged("send part 1 again".to_owned()));
    assert!(matches!(bytes(&app, "joined").await, Err(FileError::NotFound { .. })));
    part(&app, &link, (&upload, 1), &[3; 1000]).await.finish().await.unwrap();
    files(&app).commit_upload(&link, &upload, &Parts::default()).await.unwrap();
    assert_eq!(bytes(&app, "joined").await.unwrap(), [[3; 1000], [2; 1000]].concat());
}
