//! The checks of [`crate::port::Store::verify`]: the chain, the replay, the rows, and the list of defects.

mod chain;
mod contradictions;
mod defects;
mod everything;
mod replay;

pub(crate) use chain::Chain;
pub(crate) use contradictions::CONTRADICTIONS;
pub(crate) use defects::Defects;
pub(crate) use everything::check;
pub(crate) use replay::Replay;
