//! The checks of [`crate::port::Store::verify`] that need no database: the chain, the replay, and the list of defects.

mod chain;
mod contradictions;
mod defects;
mod replay;

pub(crate) use chain::Chain;
pub(crate) use contradictions::CONTRADICTIONS;
pub(crate) use defects::Defects;
pub(crate) use replay::Replay;
