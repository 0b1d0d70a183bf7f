//! Many clients at once, each with one connection and one request at a time.

mod client;
mod seen;

pub(crate) use client::{Client, Take, drive, share};
pub(crate) use seen::Seen;
