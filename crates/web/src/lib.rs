//! The HTTP server: every face of Dayend, and the connections below them.
//!
//! Knows the service's use cases and the public contract in `wire`. Must not know SQL, files or executors.

pub mod admin;
pub mod api;
pub mod app;
pub mod authentication;
pub mod body;
pub mod external;
mod files;
pub mod json;
pub mod locale;
pub mod oauth;
pub mod problem;
pub mod server;
mod sparing;
pub mod ui;
mod unifier;
