//! What administrators' tools and token verifiers read: the signing keys and the certificate authority.

mod authority;
mod routes;
mod signing_cert;

pub use routes::router;
