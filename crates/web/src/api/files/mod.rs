//! `/api/v1/files…` and `/api/v1/file-links…`: files by name, with a token, and the links to them.

mod fault;
mod get;
mod links;
mod list;
mod put;
mod remove;
mod shown;

pub(super) use get::get;
pub(super) use links::{list_links, make_link, revoke_link};
pub(super) use list::list;
pub(super) use put::put;
pub(super) use remove::remove;
