//! The server side of the binary: making a data directory, serving it, looking after it.

mod address;
pub(crate) mod admin;
pub(crate) mod audit;
mod authority;
mod certificate;
mod cli_app;
pub(crate) mod config;
mod database;
mod direct_writer;
mod directory;
pub(crate) mod failure;
mod file_store;
mod from_network;
mod housekeeping;
pub(crate) mod init;
mod logs;
mod mail;
mod master_key;
pub(crate) mod migrate_store;
mod offline;
mod open_files;
pub(crate) mod profile;
pub(crate) mod running;
mod say;
pub(crate) mod serve;
mod settings;
mod unfinished;
