//! The pages as a browser without JavaScript sees them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod account;
mod authorize;
mod browser;
mod codes;
mod consents;
mod cors;
mod device;
mod discovery;
mod hostile;
mod log_out;
mod requests;
mod told;
