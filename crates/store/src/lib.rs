//! All SQL, both databases, and their migrations, behind [`port::Store`].
//!
//! Knows rows and guards. Must not know HTTP.
//!
//! Each `<noun>` module holds the SQL texts of that noun, how its rows become columns and back; `dialect` holds what differs
//! between databases; `sqlite` runs the texts on SQLite; `verify` holds the checks that need no database.

#[macro_use]
mod columns;

mod apps;
mod claims;
mod commits;
mod definitions;
mod dialect;
mod fingerprint;
mod grants;
pub mod history;
mod many;
mod migrations;
mod nodes;
mod partitions;
pub mod port;
mod refresh;
mod runs;
mod scopes;
mod sqlite;
mod users;
mod values;
mod verify;

pub use sqlite::SqliteStore;
