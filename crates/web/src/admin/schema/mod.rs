//! The types of resources: one table each, from which requests are checked, filters understood and answers cut.

mod app;
mod attribute;
mod changers;
mod every_resource;
mod grant;
mod group;
mod listed;
mod role;
mod table;
mod user;

pub(super) use app::{APP, APP_EXTENSION};
pub(super) use attribute::{Attribute, Kind, Mutability, Returned};
pub(super) use changers::{
    APP_SECRET, APP_STATUS, MY_PASSWORD, PASSWORD_CHANGE, PASSWORD_RESET, USER_STATUS,
};
pub(super) use every_resource::COMMON;
pub(super) use grant::{GRANT, GRANT_EXTENSION};
pub(super) use group::{GROUP, GROUP_EXTENSION};
pub(super) use listed::LISTED;
pub(super) use role::ROLE;
pub(super) use table::{Path, Schema, found};
pub(super) use user::{ME, USER};
