//! A file exchange in memory, which can be told to refuse, to fail for a while, and to interfere.

use crate::harness::{now, scope};
use async_trait::async_trait;
use bytes::Bytes;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_executor::files::{AreaError, AreaFile, AreaReader, AreaWriter, FileArea, Origin};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

type Hook = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(crate) struct MemoryArea {
    files: Mutex<BTreeMap<String, Kept>>,
    pub(crate) looks: AtomicUsize,
    /// The next so many calls fail for now.
    pub(crate) away: AtomicUsize,
    /// More bytes than this are refused when they are written.
    pub(crate) room: Mutex<Option<usize>>,
    /// Called with each piece that is written.
    pub(crate) on_write: Mutex<Option<Hook>>,
}

#[derive(Clone)]
struct Kept {
    bytes: Vec<u8>,
    changed_at: Timestamp,
    version: usize,
    key: String,
}

impl MemoryArea {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.put_at(name, bytes, now());
    }

    pub(crate) fn put_at(&self, name: &str, bytes: &[u8], changed_at: Timestamp) {
        self.keep(name, bytes, "", changed_at);
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let files = self.files.lock().unwrap();
        files.get(name).map(|kept| String::from_utf8(kept.bytes.clone()).unwrap())
    }

    /// How often the file was replaced.
    pub(crate) fn version(&self, name: &str) -> usize {
        self.files.lock().unwrap().get(name).map_or(0, |kept| kept.version)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }

    fn keep(&self, name: &str, bytes: &[u8], key: &str, changed_at: Timestamp) {
        let mut files = self.files.lock().unwrap();
        let version = files.get(name).map_or(0, |kept| kept.version) + 1;
        let kept = Kept { bytes: bytes.to_vec(), changed_at, version, key: key.to_owned() };
        files.insert(name.to_owned(), kept);
    }

    fn shown(name: &str, kept: &Kept) -> AreaFile {
        AreaFile {
            name: name.to_owned(),
            size_bytes: kept.bytes.len() as u64,
            sha256: sha256(&kept.bytes),
            changed_at: kept.changed_at,
        }
    }

    fn there(&self, of: &Scope) -> Result<(), AreaError> {
        assert_eq!(*of, scope());
        let away = |left: usize| left.checked_sub(1);
        match self.away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, away) {
            Ok(_) => Err(AreaError::NotNow("the store is away".to_owned())),
            Err(_) => Ok(()),
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The exchange as attempts have it.
pub(crate) struct Shared(pub(crate) Arc<MemoryArea>);

#[async_trait]
impl FileArea for Shared {
    async fn find(&self, scope: &Scope, name: &str) -> Result<Option<AreaFile>, AreaError> {
        self.0.looks.fetch_add(1, Ordering::SeqCst);
        self.0.there(scope)?;
        let files = self.0.files.lock().unwrap();
        Ok(files.get(name).map(|kept| MemoryArea::shown(name, kept)))
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<AreaFile>, AreaError> {
        self.0.looks.fetch_add(1, Ordering::SeqCst);
        self.0.there(scope)?;
        let files = self.0.files.lock().unwrap();
        let found = files.iter().filter(|(name, _)| name.starts_with(prefix));
        let found = found.filter(|(name, _)| name.as_str() > after).take(2);
        Ok(found.map(|(name, kept)| MemoryArea::shown(name, kept)).collect())
    }

    async fn read(
        &self,
        scope: &Scope,
        name: &str,
        _: &Origin,
    ) -> Result<Option<(AreaFile, Box<dyn AreaReader>)>, AreaError> {
        self.0.there(scope)?;
        let kept = self.0.files.lock().unwrap().get(name).cloned();
        Ok(kept.map(|kept| {
            let pieces: Vec<Bytes> = kept.bytes.chunks(3).map(Bytes::copy_from_slice).collect();
            let reader: Box<dyn AreaReader> = Box::new(Reader(pieces.into_iter()));
            (MemoryArea::shown(name, &kept), reader)
        }))
    }

    async fn write(
        &self,
        scope: &Scope,
        name: &str,
        _: u64,
        origin: &Origin,
    ) -> Result<Box<dyn AreaWriter>, AreaError> {
        self.0.there(scope)?;
        let area = Arc::clone(&self.0);
        let key = format!("{origin:?}");
        Ok(Box::new(Writer { area, name: name.to_owned(), key, bytes: Vec::new() }))
    }
}

struct Reader(std::vec::IntoIter<Bytes>);

#[async_trait]
impl AreaReader for Reader {
    async fn next(&mut self) -> Result<Option<Bytes>, AreaError> {
        Ok(self.0.next())
    }
}

struct Writer {
    area: Arc<MemoryArea>,
    name: String,
    key: String,
    bytes: Vec<u8>,
}

#[async_trait]
impl AreaWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), AreaError> {
        self.area.there(&scope())?;
        self.bytes.extend_from_slice(bytes);
        if let Some(hook) = self.area.on_write.lock().unwrap().as_ref() {
            hook();
        }
        match *self.area.room.lock().unwrap() {
            Some(room) if self.bytes.len() > room => {
                let problem = format!("the tenant's quota of {room} bytes is used up");
                Err(AreaError::Refused(problem))
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn finish(self: Box<Self>) -> Result<AreaFile, AreaError> {
        self.area.there(&scope())?;
        let before = self.area.files.lock().unwrap().get(&self.name).cloned();
        let same = before.is_some_and(|kept| kept.key == self.key && kept.bytes == self.bytes);
        if !same {
            self.area.keep(&self.name, &self.bytes, &self.key, now());
        }
        let files = self.area.files.lock().unwrap();
        Ok(MemoryArea::shown(&self.name, &files[&self.name]))
    }
}
