//! The exchange, in the process: over time, in parts that meet each other, and on a disk that damages what it holds.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod damage;
mod desk;
mod over_time;
mod parts;
