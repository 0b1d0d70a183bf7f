//! The identity service on a real database, as its callers see it.

mod callers;
mod clients;
mod harness;
mod log_in;
mod refresh;
mod secrets;
mod tokens;
