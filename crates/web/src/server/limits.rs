//! How much a peer may take, and for how long.

use std::time::Duration;

/// The limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel's queue.
    pub connections: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the first request after the handshake, whatever the protocol.
    pub first_request: Duration,
    /// For the head of an HTTP/1 request; an idle connection is kept as long.
    pub head: Duration,
    /// For an HTTP/2 connection without a request.
    pub idle: Duration,
    /// After this age a connection takes no new requests.
    pub age: Duration,
    /// For requests under way when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            handshake: Duration::from_secs(10),
            first_request: Duration::from_secs(15),
            head: Duration::from_secs(15),
            idle: Duration::from_mins(1),
            age: Duration::from_hours(1),
            drain: Duration::from_millis(1500),
        }
    }
}

/// Bytes of an HTTP/1 request line and headers that are buffered at most.
pub(super) const HEAD_BUFFER_BYTES: usize = URL_MAX_BYTES + HEADERS_MAX_BYTES;
/// Path and query.
pub(super) const URL_MAX_BYTES: usize = 8 * 1024;
/// All header fields of a request.
pub(super) const HEADERS_MAX_BYTES: usize = 16 * 1024;
/// [`HEADERS_MAX_BYTES`] as HTTP/2 counts it.
pub(super) const HEADER_LIST_MAX: u32 = 16 * 1024;
/// HTTP/2 requests at once on one connection.
pub(super) const STREAMS_MAX: u32 = 128;
/// HTTP/2 streams that a peer may have reset before we got to them.
pub(super) const RESET_STREAMS_MAX: usize = 20;
/// HTTP/2 streams that we may have had to reset for a peer's errors.
pub(super) const ERROR_STREAMS_MAX: usize = 128;
/// Header fields of a request.
pub(super) const HEADER_COUNT_MAX: usize = 100;
/// Requests at once, over all connections; probes are not counted.
pub(super) const IN_FLIGHT_MAX: usize = 2048;
