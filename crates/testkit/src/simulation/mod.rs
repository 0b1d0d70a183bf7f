//! A deterministic simulation: the real desk and core of the conductor and the real engine over a store, executors,
//! clients and a clock that are models, all in one thread and from one seed.
//!
//! Each seed switches faults on and off, then heals the world and wants every run to end. Whatever must hold is a function
//! in [`invariants`], checked after every step. A seed that fails is replayed with `simulate --seed N`.

mod agents;
mod asking;
mod block_on;
mod clients;
mod definitions;
mod faults;
mod graph;
mod healing;
mod invariants;
mod model_store;
mod mutations;
mod random;
mod server;
mod serving;
mod tables;
mod trace;
mod world;

pub use model_store::memory_store;
pub use mutations::Mutation;
pub use trace::{Failure, Summary};
pub use world::{simulate, simulate_with};
