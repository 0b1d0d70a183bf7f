//! What administrators' tools and token verifiers use: SCIM 2.0 as Oracle's identity service speaks it, the signing keys
//! and the certificate authority.

mod about;
mod answer;
mod authority;
mod body;
mod changers;
mod error;
mod filter;
mod gate;
mod input;
mod listing;
mod patch;
mod resources;
mod routes;
mod schema;
mod select;
mod signing_cert;

pub use routes::router;
