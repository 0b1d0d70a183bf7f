//! What the machine can do without the product: nothing can be faster than this.

mod changes;
mod disk;
mod hello;
mod limits;
mod spawns;
mod walk;

pub(crate) use hello::hello;
pub(crate) use limits::{Limit, Limits, measure};
pub(crate) use spawns::spawns;
pub(crate) use walk::{Dice, walk};
