//! The store on a PostgreSQL database: one writing session, which holds the database's lock, and a few that read.

mod address;
mod columns;
mod error;
mod lock;
mod open;
mod options;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod verify;
mod writer;

pub use open::PostgresStore;
pub use options::PostgresOptions;
