//! The use cases: what callers may ask of runs and definitions, who may ask, and the conductor that carries it out.
//!
//! Knows the engine, the store's traits, identities and executors. Must not know HTTP or SQL.

pub mod admission;
mod apply;
pub mod clock;
pub mod compiled;
pub mod conductor;
pub mod definitions;
pub mod files;
pub mod requests;
mod runs;
pub mod snapshot;
pub mod stored;
pub mod use_cases;
