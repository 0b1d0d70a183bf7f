//! The file exchange as attempts see it: files of a scope, by name. Where they are kept is another's concern.

mod area;
mod deadline;
mod look;
mod wait;
mod waits;

use std::fmt::Write as _;

pub use area::{AreaError, AreaFile, AreaReader, AreaWriter, FileArea, Origin};
pub(crate) use look::newest;
pub use wait::awaited;
pub(crate) use wait::run;
pub(crate) use waits::Waits;

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
