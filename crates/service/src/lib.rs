//! The use cases: what callers may ask of runs and definitions, who may ask, and the conductor that carries it out.
//!
//! Knows the engine, the store's traits, identities and executors. Must not know HTTP or SQL.

pub mod definitions;
pub mod requests;
pub mod use_cases;
