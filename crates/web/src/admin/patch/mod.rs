//! Changing parts of a resource (RFC 7644 section 3.5.2).

mod apply;
mod operation;
#[cfg(test)]
mod tests;

pub(super) use apply::apply;
pub(super) use operation::read;
