//! What the machine can do without the product: nothing can be faster than this.

mod changes;
mod crypto;
mod disk;
mod hello;
mod limits;
mod spawns;
mod walk;

pub(crate) use crypto::{password_hash, rs256, secret_hash};
pub(crate) use hello::hello;
pub(crate) use limits::{Limit, Limits, measure};
pub(crate) use spawns::spawns;
pub(crate) use walk::{Dice, walk};
