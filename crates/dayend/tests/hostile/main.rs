//! Endpoints and commands that do their worst, all at once, at a real server.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

#[path = "../bank/mod.rs"]
mod bank;
mod endpoint;
mod night;
#[path = "../outside/mod.rs"]
mod outside;
#[path = "../server_support/mod.rs"]
mod server_support;
