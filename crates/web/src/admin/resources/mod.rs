//! The types of resources that have lists: how each is looked up, told, made, changed and deleted.

mod app_input;
mod app_shape;
mod apps;
mod built_in;
mod grants;
mod groups;
mod handlers;
mod kinds;
mod me;
mod roles;
mod shape;
mod user_input;
mod user_shape;
mod users;

pub(super) use app_shape::client_secret;
pub(super) use apps::Apps;
pub(super) use grants::Grants;
pub(super) use groups::Groups;
pub(super) use handlers::{answered, create, delete, list, patch, replace, search, show};
pub(super) use me::{oneself, patch_me, show_me};
pub(super) use roles::AppRoles;

pub(super) use users::Users;
