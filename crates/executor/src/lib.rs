//! Runs one attempt of a task: `http`, `command` (under a shim process), `sql`, `noop`; keeps its log.
//!
//! Knows how to start, stop and re-adopt an attempt. Must not know the store: everything that happens to an attempt
//! leaves through [`Reports`].

pub mod port;
