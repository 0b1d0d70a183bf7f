//! Storing, reading and counting files.

use bytes::Bytes;
use dayend_files::{Access, Address, FileName, Prefix};
use dayend_service::files::{
    Condition, Described, Exchange, FileError, Followed, IncomingPart, NewLink, Put, Wish,
};
use dayend_testkit::app::TestApp;
use futures_util::TryStreamExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn name(text: &str) -> FileName {
    FileName::new(text).unwrap()
}

pub(crate) fn wanted(app: &TestApp, text: &str) -> Put {
    Put::new(app.scope.clone(), name(text), "tester")
}

pub(crate) async fn store(app: &TestApp, text: &str, bytes: &[u8]) {
    let mut incoming = files(app).begin(wanted(app, text)).await.unwrap();
    incoming.write(bytes).await.unwrap();
    incoming.finish().await.unwrap();
}

pub(crate) fn files(app: &TestApp) -> &Arc<Exchange> {
    app.service.files()
}

pub(crate) async fn names(app: &TestApp) -> Vec<String> {
    let listed = files(app).list(&app.scope, &Prefix::default(), "", 100).await.unwrap();
    listed.into_iter().map(|file| file.name).collect()
}

/// The whole file.
pub(crate) async fn bytes(app: &TestApp, text: &str) -> Result<Vec<u8>, FileError> {
    let found = files(app).get(&app.scope, &name(text)).await?;
    let pieces: Vec<Bytes> = found.read(0..found.shown.size_bytes).await?.try_collect().await?;
    Ok(pieces.concat())
}

/// A link to read and write one file as often as one likes.
pub(crate) async fn link(app: &TestApp, text: &str) -> Followed {
    let wanted = NewLink { access: Access::ObjectReadWrite, ..NewLink::download(&name(text)) };
    let made = app.service.make_link(&app.caller, &app.scope, wanted).await.unwrap();
    let address = Address::parse(&made.path).unwrap();
    app.service.follow_link(&address, Wish::Write).await.unwrap()
}

/// A multipart upload.
pub(crate) async fn upload(app: &TestApp, link: &Followed) -> String {
    let (described, condition) = (Described::default(), Condition::Nothing);
    files(app).begin_upload(link, described, &condition).await.unwrap().id
}

/// A part of which all bytes have come.
pub(crate) async fn part(
    app: &TestApp,
    link: &Followed,
    (upload, number): (&str, u32),
    bytes: &[u8],
) -> IncomingPart {
    let size = Some(bytes.len() as u64);
    let begun = files(app).begin_part(link, (upload, number), size, (None, None)).await;
    let mut part = begun.unwrap();
    part.write(bytes).await.unwrap();
    part
}

/// The files in the directory of bytes.
pub(crate) fn stored(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { stored(&path) } else { vec![path] }).collect()
}

/// How many there are.
pub(crate) fn blobs(dir: &Path) -> usize {
    stored(dir).len()
}
