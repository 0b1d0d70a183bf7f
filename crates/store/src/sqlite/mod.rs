//! The store on SQLite: one writer, a few readers, one process.

mod checks;
mod error;
mod exec;
mod lock;
mod open;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use open::SqliteStore;
