//! The server: all faces under one router, and the connections below it.

mod bounds;
mod connection;
mod faces;
mod fallback;
mod framing;
mod health;
mod limits;
mod listener;
mod load;
mod occurrence;
mod router;
mod stopping;
#[cfg(test)]
mod tests;
mod tls;

pub use faces::Faces;
pub use limits::Limits;
pub use listener::{ServeError, serve};
pub use router::{faces, router};
pub(crate) use stopping::Stopping;
pub use tls::{BadTlsMaterial, TlsMaterial};
