//! Runs the real binary: commands, and a server in a data directory of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a helper of a test does not get fails the test"
)]

mod command;
mod fake;
pub(crate) mod night;
mod person;
mod server;
mod walker;

pub(crate) use command::{Output, claims, command, dayend};
pub(crate) use fake::Fake;
pub(crate) use person::{LoggingIn, Person};
pub(crate) use server::Server;
pub(crate) use walker::Walker;
