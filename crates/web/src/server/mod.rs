//! The server: all faces under one router, and the connections below it.

mod activity;
mod bounds;
mod client_address;
mod connection;
#[cfg(test)]
mod crowd_tests;
mod faces;
mod fallback;
mod framing;
mod health;
mod limits;
mod listener;
mod occurrence;
mod paced;
mod peers;
mod router;
mod stopping;
#[cfg(test)]
mod tests;
mod tls;

pub use client_address::{ClientAddress, ProxyRange};
pub use faces::Faces;
pub use limits::Limits;
pub use listener::{ServeError, serve};
pub use router::{faces, router, routes};
pub(crate) use stopping::Stopping;
pub use tls::{BadTlsMaterial, TlsMaterial};
