//! The engine: definitions, plans, run and task states, and the one function that moves them.
//!
//! Knows what a batch is and what follows from an event. Must not know a clock, randomness, I/O, async, logging or an
//! unordered map: time comes in as `now`, work goes out as [`run::Effect`]s.

pub mod codes;
pub mod definition;
pub mod file_names;
pub mod params;
pub mod plan;
pub mod run;
pub mod status;
pub mod time;
