//! Runs over a store whose commits and reads fail as the test says.

mod recovery;
mod reports;
mod time_outs;
mod triggers;
mod verbs;
