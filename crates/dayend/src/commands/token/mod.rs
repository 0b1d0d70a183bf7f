//! `dayend token`: access tokens for scripts and other programs.

mod args;
mod file;
mod get;
mod revoke;
mod show;

pub(crate) use args::TokenArgs;
