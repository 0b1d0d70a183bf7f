//! How much a peer may take, and for how long.

use std::time::Duration;

/// The limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel's queue. A connection has one request at a time.
    pub connections: usize,
    /// Those of one address; further ones are closed at once.
    pub per_address: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the first byte of the first request, after the handshake.
    pub first_request: Duration,
    /// For the head of a request, from its first byte to its last.
    pub head: Duration,
    /// For the first byte of a further request.
    pub idle: Duration,
    /// How long the peer may take less of its answer than the least rate.
    pub stall: Duration,
    /// After this age a connection takes no new requests.
    pub age: Duration,
    /// For requests under way when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            per_address: 12_288,
            handshake: Duration::from_secs(10),
            first_request: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            stall: Duration::from_secs(30),
            age: Duration::from_hours(1),
            drain: Duration::from_millis(1500),
        }
    }
}

/// Bytes of a request line and headers that are buffered at most.
pub(super) const HEAD_BUFFER_BYTES: usize = URL_MAX_BYTES + HEADERS_MAX_BYTES;
/// Path and query.
pub(super) const URL_MAX_BYTES: usize = 8 * 1024;
/// All header fields of a request.
pub(super) const HEADERS_MAX_BYTES: usize = 16 * 1024;
/// Header fields of a request.
pub(super) const HEADER_COUNT_MAX: usize = 100;
