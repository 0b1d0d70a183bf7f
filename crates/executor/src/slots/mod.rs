//! Who may go on when there is not room for all: places that are given away in turn.

mod fair;
mod turns;

pub(crate) use fair::{FairSlots, Slot};
