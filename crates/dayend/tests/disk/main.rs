//! A disk that loses what was not flushed, fails, is full, slow or damaged, and files that are taken away; nothing that was
//! accepted may be lost, and what cannot be stored must not be accepted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod calls;
mod image;
mod power;

#[expect(dead_code, reason = "the tests that kill use all of it")]
#[path = "../crash/bank.rs"]
mod bank;
#[path = "../crash/facts.rs"]
mod facts;
#[path = "../outside/mod.rs"]
mod outside;
#[expect(dead_code, reason = "the tests that kill use all of it")]
#[path = "../crash/process.rs"]
mod process;
#[expect(dead_code, reason = "the tests that kill use all of it")]
#[path = "../crash/round.rs"]
mod round;
#[path = "../server_support/mod.rs"]
mod server_support;
