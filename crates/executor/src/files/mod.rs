//! The file exchange as attempts see it: files of a scope, by name. Where they are kept is another's concern.

mod area;
mod deadline;
mod hex;
mod look;
mod wait;
mod waits;

pub use area::{AreaError, AreaFile, AreaReader, AreaWriter, FileArea, Origin};
pub(crate) use hex::hex;
pub(crate) use look::newest;
pub use wait::awaited;
pub(crate) use wait::run;
pub(crate) use waits::Waits;
