//! `dayend admin`: workspaces, users, apps and grants of a data directory that no server uses just now.

mod answer;
mod app;
mod args;
mod grant;
mod keys;
mod listing;
mod password;
mod scope;
mod user;

pub(crate) use args::{AdminArgs, run};
