//! Moving everything from one database to another, of whatever kind: row by row as it is stored, in one transaction.

mod cells;
mod digest;
mod side;
mod source;
mod tables;
mod transfer;

pub use digest::TableDigest;
pub use side::{CopyError, Side, copy};
