//! Command tasks: prepare, fetch their files, launch under a shim, watch, collect what they left, and find them again after
//! a server start.

mod inputs;
mod launch;
mod outputs;
mod prepare;
mod program;
mod watch;

pub(crate) use watch::{adopt, run};
