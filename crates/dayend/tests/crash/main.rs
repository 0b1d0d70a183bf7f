//! The server killed, stopped, started twice and damaged, from outside; nothing may be lost, run twice or go unnoticed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod damage;
mod kill;
mod memory;
mod points;
mod stop;
mod two_servers;
mod waits;

#[path = "../bank/mod.rs"]
mod bank;
#[path = "../outside/mod.rs"]
mod outside;
#[path = "../server_support/mod.rs"]
mod server_support;
