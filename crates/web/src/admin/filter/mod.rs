//! Filters of RFC 7644 section 3.4.2.2: read with bounds, and looked up in a resource in one pass.

mod holds;
#[cfg(test)]
mod properties;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub(super) use read::{read, read_parts};
pub(super) use tree::Filter;
