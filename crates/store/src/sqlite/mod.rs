//! The store on SQLite: one writer, a few readers, one process.

mod checks;
mod columns;
mod connect;
mod error;
mod files;
mod held;
mod lock;
mod open;
mod readers;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use connect::{Access, Place};
pub use open::SqliteStore;
