//! Runs the real binary: commands, and a server in a data directory of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a helper of a test does not get fails the test"
)]

mod command;
pub(crate) mod night;
mod server;

pub(crate) use command::{Output, dayend};
pub(crate) use server::Server;
