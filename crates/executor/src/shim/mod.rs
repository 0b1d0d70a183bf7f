//! The small process between the server and a command: it outlives the server, watches the command, limits its output,
//! leaves nothing of it behind and writes down how it ended.

mod companion;
mod descendants;
mod enter;
mod entry;
mod memory;
pub(crate) mod outcome;
mod output;
pub(crate) mod spec;
mod supervise;

pub(crate) use companion::Program;
pub use companion::companion;
pub use entry::main_if_shim;
pub(crate) use entry::{MARKER, SUPERVISE};
