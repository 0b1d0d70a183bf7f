//! Whole files on their way out: what is damaged where it lies never passes for the file.

use super::records::FileRecord;
use bytes::Bytes;
use dayend_files::{ByteStream, Sha256Sum, VaultError};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

/// Bytes that are counted while they pass.
struct Counting {
    bytes: ByteStream,
    /// The piece before is counted while the next one is read.
    sum: JoinHandle<Sha256>,
    /// The last piece so far: it goes out when another one is behind it, or the sum is right.
    held: Option<Bytes>,
    want: String,
}

/// The bytes of a whole file. The last piece of them comes only if all of them together have the checksum that the file
/// had when it arrived: whoever gets fewer knows that this is not the file.
pub(super) fn checked(bytes: ByteStream, file: &FileRecord) -> ByteStream {
    let counting = Counting {
        bytes,
        sum: tokio::spawn(async { Sha256::new() }),
        held: None,
        want: file.sha256.clone(),
    };
    stream::try_unfold(Some(counting), next).boxed()
}

async fn next(counting: Option<Counting>) -> Result<Option<(Bytes, Option<Counting>)>, VaultError> {
    let Some(mut counting) = counting else { return Ok(None) };
    while let Some(piece) = counting.bytes.try_next().await? {
        let (mut sum, counted) = (ended(counting.sum).await?, piece.clone());
        counting.sum = tokio::task::spawn_blocking(move || {
            sum.update(&counted);
            sum
        });
        if let Some(before) = counting.held.replace(piece) {
            return Ok(Some((before, Some(counting))));
        }
    }
    let sum = Sha256Sum(ended(counting.sum).await?.finalize().into()).to_hex();
    if sum != counting.want {
        return Err(VaultError::Damaged(format!("its SHA-256 sum is {sum} now")));
    }
    Ok(counting.held.map(|last| (last, None)))
}

async fn ended(sum: JoinHandle<Sha256>) -> Result<Sha256, VaultError> {
    sum.await.map_err(|error| VaultError::Unavailable(error.to_string()))
}
