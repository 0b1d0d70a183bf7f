//! Runs one attempt of a task: `http`, `command` (under a shim process), `sql`, `noop`; keeps its log.
//!
//! Knows how to start, stop and re-adopt an attempt. Must not know the store: everything that happens to an attempt
//! leaves through [`port::Reports`].

mod attempt_dir;
mod callback;
mod command;
mod executors;
pub mod files;
mod http;
mod live;
mod log;
mod message;
pub mod port;
mod retention;
mod secrets;
pub mod settings;
pub mod shim;
mod slots;
mod sql;
pub mod sqlite_file;

pub use callback::{CALLBACK_PATH, CallbackError};
pub use executors::Executors;
pub use http::network::{Network, NotANetwork};
