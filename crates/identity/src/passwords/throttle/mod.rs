//! Slows down guessing: a growing delay per account and address, never a lasting lock.

mod attempt;
mod gate;
mod guesses;
#[cfg(test)]
mod tests;

pub(crate) use attempt::{Account, Attempt};
pub(crate) use gate::Throttle;
