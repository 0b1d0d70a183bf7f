//! All SQL, both databases, and their migrations, behind [`port::Store`].
//!
//! Knows rows and guards. Must not know HTTP.
//!
//! Each `<noun>` module holds the SQL texts of that noun, how its rows become columns and back; `dialect` holds what differs
//! between databases; `work` says what is done in a transaction, and `verify` what must hold, both on any `session`;
//! `copy` moves everything from one database to another; `store` is [`port::Store`] on any `database`; `sqlite` and
//! `postgres` are the two there are.

#[macro_use]
mod columns;

mod apps;
mod claims;
mod commits;
pub mod copy;
mod database;
mod definitions;
mod dialect;
mod documents;
mod fingerprint;
mod grants;
pub mod history;
mod many;
mod migrations;
mod nodes;
mod partitions;
pub mod port;
mod postgres;
mod refresh;
mod runs;
mod scopes;
mod session;
mod sqlite;
mod store;
#[cfg(test)]
mod texts;
mod users;
mod values;
mod verify;
mod work;

pub use postgres::{PostgresOptions, PostgresStore};
pub use sqlite::SqliteStore;
