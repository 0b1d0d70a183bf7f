//! Owns the live runs of this node: steps the engine, commits in groups, then acts.
//!
//! [`core`] is synchronous and pure; [`shell`] gives it time, a store and an executor.

pub mod core;
mod create;
pub mod input;
mod live;
pub mod load;
pub mod pending;
mod shell;
mod steps;
pub mod view;

pub use shell::{Conductor, ConductorSettings, StartError};
