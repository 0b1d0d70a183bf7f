//! A strict JSON reader (RFC 8259) for bodies that decide about money.
//!
//! It refuses what other readers let through and interpret differently: repeated keys, numbers that would be rounded,
//! half characters, bytes behind the end. Every refusal says where. It repairs one slip of the guide, and only if asked.

mod error;
mod number;
mod reader;
#[cfg(test)]
mod tests;
mod value;

pub use error::{JsonError, Limit, Syntax};
pub use reader::{DEPTH_MAX, ITEMS_MAX, KEYS_MAX, Repair, TEXT_MAX_BYTES, read, read_text};
pub use value::{Json, Object};
