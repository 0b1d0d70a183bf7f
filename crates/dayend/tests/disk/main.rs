//! A disk that loses what was not flushed, fails, is full, slow or damaged, and files that are taken away; nothing that was
//! accepted may be lost, and what cannot be stored must not be accepted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod calls;
mod failing;
mod full;
mod image;
mod orders;
mod power;
mod slow;
mod taken;
mod torn;

#[path = "../bank/mod.rs"]
mod bank;
#[path = "../outside/mod.rs"]
mod outside;
#[path = "../server_support/mod.rs"]
mod server_support;
