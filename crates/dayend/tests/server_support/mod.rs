//! Runs the real program on data directories of its own.

#![expect(dead_code, reason = "each test program uses some of it")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

mod program;

pub(crate) use program::*;
