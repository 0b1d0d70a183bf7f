//! The file exchange, from outside: curl as a person or a script would use it, against the real program over TLS.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail by panicking"
)]

mod bad_links;
mod bad_uploads;
mod bucket;
mod client;
mod crowd;
mod damage;
mod desk;
mod guide;
mod kills;
mod multipart;
mod oci;
mod quota;
mod reading;
mod secrets;

#[path = "../outside/mod.rs"]
mod outside;
#[path = "../server_support/mod.rs"]
mod server_support;
