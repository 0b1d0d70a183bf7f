//! `dayend admin`: users, apps and grants of a data directory that no server uses just now.

mod answer;
mod app;
mod args;
mod grant;
mod listing;
mod password;
mod user;

pub(crate) use args::{AdminArgs, run};
