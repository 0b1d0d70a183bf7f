//! What tests of several crates share: a whole server in the process, and executors that do as they are told.
//!
//! Shipped code must not depend on it.

pub mod app;
pub mod chromium;
pub mod clock;
pub mod flaky;
pub mod python;
pub mod scripted;
pub mod simulation;
pub mod views;
