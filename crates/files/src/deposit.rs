//! Bytes on their way into the vault: one piece is written and counted while the next one arrives.

use crate::checksums::{Checksums, Md5Sum, Sha256Sum};
use crate::vault::VaultError;
use bytes::{Bytes, BytesMut};
use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _};
use std::fmt;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A blob that is not whole yet. Given up when it is dropped.
pub struct Deposit {
    store: Arc<dyn ObjectStore>,
    path: ObjectPath,
    chunk_bytes: usize,
    chunk: BytesMut,
    size_bytes: u64,
    sums: Checksums,
    /// None while everything fits into one chunk.
    upload: Option<Box<dyn MultipartUpload>>,
    under_way: Option<JoinHandle<Result<Checksums, VaultError>>>,
}

/// A blob that is whole, on disk, and named by its checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposited {
    pub size_bytes: u64,
    pub md5: Md5Sum,
    pub sha256: Sha256Sum,
}

impl Deposit {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, path: ObjectPath, chunk_bytes: usize) -> Self {
        Self {
            store,
            path,
            chunk_bytes,
            chunk: BytesMut::new(),
            size_bytes: 0,
            sums: Checksums::default(),
            upload: None,
            under_way: None,
        }
    }

    /// What was written so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Takes the next bytes; waits while the disk is slower than they come.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), VaultError> {
        while !bytes.is_empty() {
            let room = self.chunk_bytes.saturating_sub(self.chunk.len()).max(1);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk.extend_from_slice(now);
            self.size_bytes += u64::try_from(now.len()).unwrap_or(0);
            bytes = later;
            if self.chunk.len() >= self.chunk_bytes {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Makes the blob durable and visible, whole.
    pub async fn finish(mut self) -> Result<Deposited, VaultError> {
        if self.upload.is_none() {
            return self.finish_at_once().await;
        }
        if !self.chunk.is_empty() {
            self.send().await?;
        }
        self.settle().await?;
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
            self.upload = None;
        }
        Ok(self.deposited())
    }

    /// Gives it up, and all that was written of it.
    pub async fn discard(mut self) {
        // What became of the last piece does not matter any more.
        let _ = self.settle().await;
        if let Some(mut upload) = self.upload.take() {
            let _ = upload.abort().await;
        }
    }

    /// A blob of one piece: one request is enough.
    async fn finish_at_once(mut self) -> Result<Deposited, VaultError> {
        let chunk = self.chunk.split().freeze();
        let sums = counted(std::mem::take(&mut self.sums), chunk.clone());
        let put = self.store.put(&self.path, chunk.into());
        let (sums, put) = tokio::join!(sums, put);
        put?;
        self.sums = sums?;
        Ok(self.deposited())
    }

    /// Sends the chunk on its way when the one before has arrived.
    async fn send(&mut self) -> Result<(), VaultError> {
        self.settle().await?;
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(self.store.put_multipart(&self.path).await?),
        };
        let chunk = self.chunk.split().freeze();
        let written = upload.put_part(chunk.clone().into());
        let sums = std::mem::take(&mut self.sums);
        self.under_way = Some(tokio::spawn(async move {
            let (sums, written) = tokio::join!(counted(sums, chunk), written);
            written?;
            sums
        }));
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), VaultError> {
        if let Some(under_way) = self.under_way.take() {
            self.sums =
                under_way.await.map_err(|error| VaultError::Unavailable(error.to_string()))??;
        }
        Ok(())
    }

    fn deposited(&mut self) -> Deposited {
        let (md5, sha256) = std::mem::take(&mut self.sums).finish();
        Deposited { size_bytes: self.size_bytes, md5, sha256 }
    }
}

async fn counted(mut sums: Checksums, chunk: Bytes) -> Result<Checksums, VaultError> {
    let counting = tokio::task::spawn_blocking(move || {
        sums.update(&chunk);
        sums
    });
    counting.await.map_err(|error| VaultError::Unavailable(error.to_string()))
}

impl Drop for Deposit {
    fn drop(&mut self) {
        let (under_way, upload) = (self.under_way.take(), self.upload.take());
        let (Some(mut upload), Ok(runtime)) = (upload, tokio::runtime::Handle::try_current())
        else {
            return;
        };
        drop(runtime.spawn(async move {
            if let Some(under_way) = under_way {
                let _ = under_way.await;
            }
            // If this fails as well, the sweeper finds what is left.
            let _ = upload.abort().await;
        }));
    }
}

impl fmt::Debug for Deposit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Deposit").field("size_bytes", &self.size_bytes).finish_non_exhaustive()
    }
}
