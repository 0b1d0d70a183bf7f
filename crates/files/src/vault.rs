//! Where bytes live: each blob under an id of ours, written once, visible only whole.

use crate::deposit::Deposit;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt as _,
    RetryConfig,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is read from the disk at a time; while one piece is sent the next one is read.
const READ_BYTES: u64 = 256 * 1024;
const READ_AHEAD: usize = 2;
/// What is written to the disk at a time.
const LOCAL_CHUNK_BYTES: usize = 256 * 1024;
/// What goes to a bucket at a time: parts there have at least 5 MiB.
const BUCKET_CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// A bucket takes so many parts at most.
const BUCKET_PARTS_MAX: u64 = 10_000;
/// For one request to a bucket.
const BUCKET_TIMEOUT: Duration = Duration::from_mins(2);
/// How long a request is repeated that the bucket does not answer.
const BUCKET_PATIENCE: Duration = Duration::from_secs(20);
const BUCKET_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Names one blob: an id of ours, never anybody's text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobId(String);

/// The bytes of a blob, piece by piece.
pub type ByteStream = BoxStream<'static, Result<Bytes, VaultError>>;

/// A bucket of an S3-compatible service.
#[derive(Debug)]
pub struct Bucket {
    pub name: String,
    /// `https://host:port`; none: the one of the region in AWS.
    pub endpoint: Option<String>,
    pub region: String,
    pub access_key: String,
    pub secret_key: SecretString,
    /// What the names of our objects begin with.
    pub prefix: String,
}

/// Why bytes could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no room left for files")]
    Full,
    #[error("the bytes of a file are gone: {0}")]
    Missing(String),
    /// They are not what was deposited.
    #[error("a file is damaged where it is kept: {0}")]
    Damaged(String),
    #[error("files cannot be stored or read now: {0}")]
    Unavailable(String),
}

/// Keeps blobs.
pub struct Vault {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    /// Where they are on the local disk.
    dir: Option<PathBuf>,
}

impl BlobId {
    /// An id: letters and digits, at least two.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then_some(Self(text))
    }

    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Vault {
    /// Keeps blobs below a directory, which must exist. What is stored is on disk before anybody hears of it.
    pub fn local(dir: &Path) -> Result<Self, VaultError> {
        let store = LocalFileSystem::new_with_prefix(dir)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), prefix: String::new(), dir: Some(dir.to_owned()) })
    }

    /// Keeps blobs in a bucket.
    pub fn bucket(bucket: &Bucket) -> Result<Self, VaultError> {
        let insecure =
            bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let client = ClientOptions::new()
            .with_timeout(BUCKET_TIMEOUT)
            .with_connect_timeout(BUCKET_CONNECT_TIMEOUT)
            .with_allow_http(insecure);
        let builder = AmazonS3Builder::new()
            .with_client_options(client)
            .with_retry(RetryConfig { retry_timeout: BUCKET_PATIENCE, ..RetryConfig::default() })
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key)
            .with_secret_access_key(bucket.secret_key.expose_secret());
        let builder = match &bucket.endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint),
            None => builder,
        };
        let prefix = match bucket.prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self { store: Arc::new(builder.build()?), prefix, dir: None })
    }

    /// Begins to keep a blob; `expected_bytes` as far as it is known.
    pub fn deposit(&self, id: &BlobId, expected_bytes: u64) -> Deposit {
        let chunk_bytes = match self.dir {
            Some(_) => LOCAL_CHUNK_BYTES,
            None => bucket_chunk(expected_bytes),
        };
        Deposit::new(Arc::clone(&self.store), self.path(id), chunk_bytes)
    }

    /// A part of a blob.
    pub async fn read(&self, id: &BlobId, range: Range<u64>) -> Result<ByteStream, VaultError> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options =
            GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let found = self.store.get_opts(&self.path(id), options).await?;
        Ok(match found.payload {
            GetResultPayload::File(file, _) => of_file(file, range),
            GetResultPayload::Stream(bytes) => bytes.map_err(VaultError::from).boxed(),
        })
    }

    /// Removes a blob, and what an interrupted upload left of it. Nobody minds if there is none.
    pub async fn remove(&self, id: &BlobId) -> Result<(), VaultError> {
        let path = self.path(id);
        if let Some(dir) = &self.dir {
            // The name that an unfinished blob has on the local disk: ids never repeat, so there is only this one.
            let unfinished = dir.join(format!("{path}#1"));
            remove_if_there(&unfinished).await?;
            return remove_if_there(&dir.join(path.as_ref())).await;
        }
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is free on the disk; none if that is somebody else's concern.
    pub fn free_bytes(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(self.dir.as_ref()?).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Finds out whether blobs can be stored: settings may be wrong.
    pub async fn check(&self) -> Result<(), VaultError> {
        let probe = ObjectPath::from(format!("{}probe", self.prefix));
        self.store.put(&probe, Bytes::from_static(b"dayend\n").into()).await?;
        self.store.delete(&probe).await?;
        Ok(())
    }

    /// Spread over directories by the end of the id, which is its most random part.
    fn path(&self, id: &BlobId) -> ObjectPath {
        let id = id.as_str();
        let folder = id.get(id.len() - 2..).unwrap_or(id);
        ObjectPath::from(format!("{}{folder}/{id}", self.prefix))
    }
}

/// So that the largest blob fits into the parts that there may be.
fn bucket_chunk(expected_bytes: u64) -> usize {
    let needed = expected_bytes.div_ceil(BUCKET_PARTS_MAX);
    usize::try_from(needed).unwrap_or(usize::MAX).max(BUCKET_CHUNK_BYTES)
}

fn of_file(file: File, range: Range<u64>) -> ByteStream {
    let file = Arc::new(file);
    let end = range.end;
    let starts = stream::iter(range.step_by(usize::try_from(READ_BYTES).unwrap_or(usize::MAX)));
    let pieces = starts.map(move |start| {
        let (file, length) = (Arc::clone(&file), READ_BYTES.min(end - start));
        async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; usize::try_from(length).unwrap_or(0)];
                file.read_exact_at(&mut piece, start).map(|()| Bytes::from(piece))
            });
            match read.await {
                Ok(piece) => piece.map_err(|error| of_io(&error)),
                Err(error) => Err(VaultError::Unavailable(error.to_string())),
            }
        }
    });
    pieces.buffered(READ_AHEAD).boxed()
}

async fn remove_if_there(path: &Path) -> Result<(), VaultError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(of_io(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn of_io(error: &io::Error) -> VaultError {
    if is_full(error) { VaultError::Full } else { VaultError::Unavailable(error.to_string()) }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

impl From<object_store::Error> for VaultError {
    fn from(error: object_store::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(is_full) {
                return Self::Full;
            }
            cause = error.source();
        }
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::Missing(error.to_string());
        }
        Self::Unavailable(error.to_string())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Vault").field("store", &self.store.to_string()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> BlobId {
        BlobId::new(text).unwrap()
    }

    async fn whole(vault: &Vault, blob: &BlobId, range: Range<u64>) -> Result<Vec<u8>, VaultError> {
        let pieces: Vec<Bytes> = vault.read(blob, range).await?.try_collect().await?;
        Ok(pieces.concat())
    }

    /// A megabyte in which every place looks different.
    fn content() -> Vec<u8> {
        (0..1_000_000_u32).flat_map(u32::to_le_bytes).take(1_000_003).collect()
    }

    fn files(dir: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path));
            } else {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
        found
    }

    #[tokio::test]
    async fn what_was_kept_is_read_again_in_any_part() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::local(dir.path()).unwrap();
        let (blob, content) = (id("0199aa"), content());
        let mut deposit = vault.deposit(&blob, 0);
        for piece in content.chunks(70_001) {
            deposit.write(piece).await.unwrap();
        }
        let kept = deposit.finish().await.unwrap();
        assert_eq!(kept.size_bytes, 1_000_003);
        let mut sums = crate::Checksums::default();
        sums.update(&content);
        assert_eq!((kept.md5, kept.sha256), sums.finish());
        for range in [0..1_000_003, 0..1, 262_143..262_145, 999_999..1_000_003, 5..5] {
            let want = &content
                [usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
            assert_eq!(whole(&vault, &blob, range.clone()).await.unwrap(), want, "{range:?}");
        }
        assert!(matches!(
            whole(&vault, &blob, 0..2_000_000).await,
            Ok(_) | Err(VaultError::Unavailable(_))
        ));
        vault.remove(&blob).await.unwrap();
        vault.remove(&blob).await.unwrap();
        assert!(matches!(whole(&vault, &blob, 0..1).await, Err(VaultError::Missing(_))));
    }

    #[tokio::test]
    async fn small_and_empty_blobs_are_blobs() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::local(dir.path()).unwrap();
        for (name, content) in [("aa1", &b""[..]), ("aa2", b"x")] {
            let blob = id(name);
            let mut deposit = vault.deposit(&blob, 0);
            deposit.write(content).await.unwrap();
            let kept = deposit.finish().await.unwrap();
            assert_eq!(kept.size_bytes, content.len() as u64);
            assert_eq!(whole(&vault, &blob, 0..kept.size_bytes).await.unwrap(), content);
        }
        vault.check().await.unwrap();
        assert_eq!(files(dir.path()).len(), 2, "the probe is gone");
        assert!(vault.free_bytes().unwrap() > 0);
    }

    #[tokio::test]
    async fn a_blob_is_not_there_before_it_is_whole_and_nothing_is_left_when_it_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::local(dir.path()).unwrap();
        let blob = id("0199bb");
        let mut deposit = vault.deposit(&blob, 0);
        deposit.write(&content()).await.unwrap();
        deposit.write(&content()).await.unwrap();
        assert!(matches!(whole(&vault, &blob, 0..1).await, Err(VaultError::Missing(_))));
        deposit.discard().await;
        assert_eq!(files(dir.path()), Vec::<String>::new());

        let left = dir.path().join("bb/0199bb#1");
        std::fs::write(&left, "what a killed server left").unwrap();
        vault.remove(&blob).await.unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn an_id_is_letters_and_digits() {
        for (text, good) in [
            ("ab", true),
            ("0199aabb", true),
            ("a", false),
            ("", false),
            ("../x", false),
            ("a/b", false),
        ] {
            assert_eq!(BlobId::new(text).is_some(), good, "{text}");
        }
        assert_eq!(bucket_chunk(0), BUCKET_CHUNK_BYTES);
        assert_eq!(bucket_chunk(1 << 40), 109_951_163);
    }
}
