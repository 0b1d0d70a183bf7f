//! `dayend admin`: workspaces, users, apps, groups and grants of a data directory that no server uses just now.

mod answer;
mod app;
mod app_settings;
mod app_show;
mod args;
mod grant;
mod group;
mod keys;
mod listing;
mod password;
mod scope;
mod user;

pub(crate) use args::{AdminArgs, run};
