//! The server: all faces under one router, and the connections below it.

mod connection;
mod fallback;
mod framing;
mod health;
mod layers;
mod limits;
mod listener;
mod router;
mod stopping;
#[cfg(test)]
mod tests;
mod tls;

pub use limits::Limits;
pub use listener::{ServeError, serve};
pub use router::router;
pub(crate) use stopping::Stopping;
pub use tls::{BadTlsMaterial, TlsMaterial};
