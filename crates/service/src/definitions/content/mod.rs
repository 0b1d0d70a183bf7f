//! The form in which the store keeps a definition: lines of JSON without what is a default, packed and cut into parts.

mod lines;
mod pack;
mod parts;
mod unpack;

pub use pack::pack;
pub use unpack::unpack;
