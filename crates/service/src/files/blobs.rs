//! The bytes of files, whatever pieces they are in.

use super::documents::Found;
use super::due;
use super::error::FileError;
use super::exchange::Exchange;
use super::records::{Due, Extent, PartRecord};
use dayend_engine::time::Timestamp;
use dayend_files::{BlobId, ByteStream, Sha256Sum, Vault, VaultError};
use dayend_store::port::DocumentChange;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use std::sync::Arc;

impl Exchange {
    /// A part of what the pieces hold together, read one after the other.
    pub(super) fn read_extents(
        self: &Arc<Self>,
        extents: &[Extent],
        range: Range<u64>,
    ) -> ByteStream {
        let exchange = Arc::clone(self);
        let pieces = stream::iter(pieces(extents, &range));
        let opened = pieces.then(move |(blob, part)| {
            let exchange = Arc::clone(&exchange);
            async move { open(&exchange.vault, &blob, part).await }
        });
        opened.try_flatten().boxed()
    }

    /// The SHA-256 sum of all parts together, each of which must still be as it arrived.
    pub(super) async fn sha256_of(
        self: &Arc<Self>,
        parts: &[Found<PartRecord>],
    ) -> Result<Sha256Sum, FileError> {
        let mut whole = Sha256::new();
        for Found { record: part, .. } in parts {
            let extent = Extent { blob: part.blob.clone(), size: part.size };
            let mut bytes = self.read_extents(&[extent], 0..part.size);
            let mut own = Sha256::new();
            while let Some(piece) = bytes.try_next().await? {
                let counting = tokio::task::spawn_blocking(move || {
                    whole.update(&piece);
                    own.update(&piece);
                    (whole, own)
                });
                (whole, own) =
                    counting.await.map_err(|error| FileError::Unavailable(error.to_string()))?;
            }
            if Sha256Sum(own.finalize().into()).to_hex() != part.sha256 {
                tracing::error!(blob = part.blob, part.part, "a part of a file is damaged");
                return Err(FileError::Damaged(format!("send part {} again", part.part)));
            }
        }
        Ok(Sha256Sum(whole.finalize().into()))
    }

    /// Removes bytes now; if it fails, the sweeper does it.
    pub(super) async fn remove_blob(&self, blob: &str) {
        let Some(id) = BlobId::new(blob) else { return };
        if let Err(error) = self.vault.remove(&id).await {
            tracing::warn!(blob, %error, "bytes of a file could not be removed; it is tried again");
        }
    }

    /// Removes the bytes of a file that is gone, unless somebody may still be reading its pieces.
    pub(super) fn remove_soon(self: &Arc<Self>, extents: &[Extent]) {
        if let [only] = extents {
            let (exchange, blob) = (Arc::clone(self), only.blob.clone());
            drop(tokio::spawn(async move { exchange.remove_blob(&blob).await }));
        }
    }
}

/// Notes that nobody needs these pieces any more.
pub(super) fn discarded(now: Timestamp, tenant: &str, extents: &[Extent]) -> Vec<DocumentChange> {
    let at = due::garbage_at(now, extents.len());
    extents.iter().map(|extent| due::note(at, tenant, Due::Garbage(extent.blob.clone()))).collect()
}

/// The pieces that a range touches, each with what is needed of it.
fn pieces(extents: &[Extent], range: &Range<u64>) -> Vec<(String, Range<u64>)> {
    let mut at = 0;
    let mut pieces = Vec::new();
    for extent in extents {
        let (start, end) = (range.start.max(at), range.end.min(at + extent.size));
        if start < end {
            pieces.push((extent.blob.clone(), start - at..end - at));
        }
        at += extent.size;
    }
    pieces
}

async fn open(vault: &Vault, blob: &str, range: Range<u64>) -> Result<ByteStream, VaultError> {
    let id = BlobId::new(blob).ok_or_else(|| VaultError::Missing(blob.to_owned()))?;
    vault.read(&id, range).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_touches_the_pieces_that_it_needs() {
        let extents = [("a", 10), ("b", 0), ("c", 5)]
            .map(|(blob, size)| Extent { blob: blob.to_owned(), size });
        let touched = |range: Range<u64>| {
            let pieces = pieces(&extents, &range);
            pieces
                .into_iter()
                .map(|(blob, range)| format!("{blob}{range:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(touched(0..15), "a0..10 c0..5");
        assert_eq!(touched(9..11), "a9..10 c0..1");
        assert_eq!(touched(10..15), "c0..5");
        assert_eq!(touched(3..4), "a3..4");
        assert_eq!(touched(4..4), "");
        assert_eq!(touched(15..20), "");
    }
}
