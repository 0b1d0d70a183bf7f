//! Command tasks: prepare, launch under a shim, watch, and find again after a server start.

mod launch;
mod prepare;
mod program;
mod watch;

pub(crate) use watch::{adopt, run};
