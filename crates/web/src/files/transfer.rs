//! Bytes of files between a connection and the exchange, piece by piece, however many there are.

use super::fault::OciFault;
use crate::body::{self, BodyError, Sink};
use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;
use dayend_files::ByteStream;
use dayend_service::files::{FileError, Incoming, IncomingPart};
use std::time::Duration;

/// How long a body may take to arrive, as long as it does not fall behind the least rate.
const ARRIVAL_LIMIT: Duration = Duration::from_hours(24);
/// So much of a body is thrown away when it cannot be kept: who is still sending does not hear the answer otherwise.
const DISCARD_MAX_BYTES: usize = 32 * 1024 * 1024;

/// What takes the bytes of a body.
pub(crate) trait Takes: Send {
    /// The largest body.
    fn limit_bytes(&self) -> u64;
    /// Takes the next bytes.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), FileError>> + Send;
}

impl Takes for Incoming {
    fn limit_bytes(&self) -> u64 {
        Incoming::limit_bytes(self)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        Incoming::write(self, bytes).await
    }
}

impl Takes for IncomingPart {
    fn limit_bytes(&self) -> u64 {
        IncomingPart::limit_bytes(self)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        IncomingPart::write(self, bytes).await
    }
}

/// Why a body was not taken.
#[derive(Debug)]
pub(crate) enum Taken {
    File(FileError),
    Body(BodyError),
}

impl From<Taken> for OciFault {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::File(error) => error.into(),
            Taken::Body(error) => error.into(),
        }
    }
}

/// Hands a whole body on.
pub(crate) async fn take<T: Takes>(
    headers: &HeaderMap,
    body: Body,
    to: &mut T,
) -> Result<(), Taken> {
    let limit_bytes = usize::try_from(to.limit_bytes()).unwrap_or(usize::MAX);
    let mut pipe = Pipe { to, failed: None, discarded: 0 };
    let arrived = body::each(headers, body, limit_bytes, ARRIVAL_LIMIT, &mut pipe).await;
    match (pipe.failed, arrived) {
        (Some(error), _) => Err(Taken::File(error)),
        (None, Err(error)) => Err(Taken::Body(error)),
        (None, Ok(())) => Ok(()),
    }
}

/// Lets a body go that nobody wants, so that who sends it hears why.
pub(crate) async fn let_go(headers: &HeaderMap, body: Body) {
    // The limit of nothing makes any body too large, and that is what reads the rest of it within bounds.
    let _ = body::each(headers, body, 0, Duration::from_secs(2), &mut Nowhere).await;
}

/// A body of a file's bytes.
pub(super) fn sent(bytes: ByteStream) -> Body {
    Body::from_stream(bytes)
}

struct Pipe<'a, T> {
    to: &'a mut T,
    failed: Option<FileError>,
    discarded: usize,
}

impl<T: Takes> Sink for Pipe<'_, T> {
    async fn take(&mut self, data: Bytes) -> Result<(), BodyError> {
        if self.failed.is_some() {
            self.discarded += data.len();
            return if self.discarded > DISCARD_MAX_BYTES {
                Err(BodyError::Broken)
            } else {
                Ok(())
            };
        }
        self.failed = self.to.write(&data).await.err();
        Ok(())
    }
}

struct Nowhere;

impl Sink for Nowhere {
    async fn take(&mut self, _data: Bytes) -> Result<(), BodyError> {
        Ok(())
    }
}
