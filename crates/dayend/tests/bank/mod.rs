//! A data directory that outlives its servers, what is asked of them, and what they said.

#![expect(dead_code, reason = "each test program uses some of it")]

mod directory;
pub(crate) mod facts;
pub(crate) mod process;
pub(crate) mod round;

pub(crate) use directory::*;
