//! The identity service from outside: what the standards ask of it, point by point, and clients that nobody here wrote.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod browser;
mod clients;
mod forge;
mod house;
mod points;
mod redemptions;
mod seeds;
mod table;
mod wire;

#[path = "../outside/mod.rs"]
mod outside;
#[path = "../server_support/mod.rs"]
mod server_support;
