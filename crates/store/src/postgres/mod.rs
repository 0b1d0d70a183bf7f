//! The store on a PostgreSQL database: one writing session, which holds the database's lock, and a few that read.

mod address;
mod columns;
mod error;
mod lock;
mod open;
mod options;
mod readers;
pub(crate) mod session;
mod start_over;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod verify;
mod writer;

pub(crate) use address::Purpose;
pub(crate) use error::store_error;
pub use open::PostgresStore;
pub use options::PostgresOptions;
