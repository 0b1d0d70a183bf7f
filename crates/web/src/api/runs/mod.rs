//! Runs: trigger, watch, control.

mod control;
mod list;
mod log;
mod show;
mod task;
mod trigger;
mod view;

pub(super) use control::{interrupt, rerun, restart};
pub(super) use list::list;
pub(super) use log::log;
pub(super) use show::show;
pub(super) use task::task;
pub(super) use trigger::trigger;
