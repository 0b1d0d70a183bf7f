//! `dayend files`: puts, gets, lists and removes files, and makes links to them.

mod args;
mod get;
mod link;
mod list;
mod put;
mod remove;

pub(crate) use args::FilesArgs;
