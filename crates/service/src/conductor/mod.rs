//! Owns the live runs of this node: steps the engine, commits in groups, then acts.
//!
//! [`core`] and [`desk`] are synchronous and pure; [`shell`] gives them time, a store and an executor.

mod commit;
pub mod core;
mod create;
pub mod desk;
mod handle;
pub mod input;
mod live;
pub mod load;
mod loads;
pub mod pending;
mod shell;
mod starts;
mod steps;
mod verbs;
pub mod view;

pub use handle::{Conductor, ConductorSettings, StartError};
