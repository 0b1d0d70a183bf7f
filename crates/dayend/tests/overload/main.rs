//! More asked of the real program than it can do: it stays fair, honest and small, and is as before when it is over.
//!
//! `DAYEND_OVERLOAD=long` makes every storm as long and as large as it should be withstood; without it a few seconds.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod connections;
mod disconnects;
mod fairness;
mod house;
mod measure;
mod passwords;
mod recovery;
mod tenants;
mod wire;

#[path = "../server_support/mod.rs"]
mod server_support;
