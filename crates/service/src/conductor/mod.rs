//! Owns the live runs of this node: steps the engine, commits in groups, then acts.
//!
//! [`core`] is synchronous and pure; [`shell`] gives it time, a store and an executor.

mod commit;
pub mod core;
mod create;
mod handle;
pub mod input;
mod live;
pub mod load;
mod loads;
pub mod pending;
mod shell;
mod starts;
mod steps;
pub mod view;

pub use handle::{Conductor, ConductorSettings, StartError};
