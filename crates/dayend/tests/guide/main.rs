//! The guide, from outside: its curl commands against a real server over TLS, and the manual's samples.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod codes;
mod grants;
mod identity;
mod manual;
mod night;
mod pages;
mod parameters;
mod samples;
mod shape;
mod stage;
mod states;
mod tokens;
mod verbs;

#[path = "../outside/mod.rs"]
mod outside;
#[path = "../server_support/mod.rs"]
mod server_support;
#[path = "../client/support/walker.rs"]
#[expect(dead_code, reason = "the file belongs to another test program, too")]
mod walker;
