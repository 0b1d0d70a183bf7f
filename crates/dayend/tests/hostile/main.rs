//! Endpoints and commands that do their worst, all at once, at a real server.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../crash/bank.rs"]
mod bank;
mod endpoint;
mod night;
#[path = "../outside/mod.rs"]
mod outside;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../crash/process.rs"]
mod process;
#[path = "../server_support/mod.rs"]
mod server_support;
