//! Rules of the repository that neither compiler nor clippy knows. Each one says what is wrong where, and what to do.

mod banned;
mod check;
mod declarations;
mod doors;
mod exceptions;
mod finding;
mod layers;
mod length;
mod links;
mod manifest;
mod markdown;
mod migrations;
mod module_names;
mod named_tests;
mod rust;
mod text;
mod tree;

pub(crate) use check::check;
pub(crate) use tree::Tree;
