//! OAuth 2.0 over HTTP: how clients get tokens.

mod authorize;
mod authorize_query;
mod cors;
mod device;
mod discovery;
mod error;
mod form;
mod introspect;
mod logout;
mod logout_query;
mod request;
mod revoke;
mod routes;
mod token;
mod userinfo;

pub(crate) use authorize_query::read_authorize;
pub use routes::router;
pub(crate) use token::no_store;
