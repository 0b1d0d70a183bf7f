//! Every route of the server, and what it says to whoever comes without a good token for it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests and their helpers fail by panicking")]

mod bearers;
mod found;
mod table;
mod walk;
