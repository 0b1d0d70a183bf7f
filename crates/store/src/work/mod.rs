//! What is done in a transaction, whatever the database.

mod apply;
mod settle;
mod upkeep;

pub(crate) use apply::Apply;
pub(crate) use settle::Settle;
pub(crate) use upkeep::{Forget, PutScope, TakeOver};
