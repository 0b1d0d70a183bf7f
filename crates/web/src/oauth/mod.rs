//! OAuth 2.0 over HTTP: how clients get tokens.

mod error;
mod request;
mod routes;
mod token;

pub use routes::router;
