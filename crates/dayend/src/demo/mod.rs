//! `dayend demo`: a whole night on this machine, with a failure and its repair.

mod args;
mod outcome;
mod sample_night;
mod stage;
mod story;
mod teller;

pub(crate) use args::DemoArgs;
