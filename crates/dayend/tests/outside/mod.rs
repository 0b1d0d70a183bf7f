//! What a test needs that looks at the product from outside only: chance, `curl`, gates that a task waits at, the witness.

#![expect(dead_code, reason = "each test program uses some of it")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test's helpers fail by panicking, and a seed must be seen to be repeated"
)]

pub(crate) mod chance;
pub(crate) mod columns;
pub(crate) mod curl;
pub(crate) mod gate;
pub(crate) mod telling;
pub(crate) mod tracer;
pub(crate) mod witness;
