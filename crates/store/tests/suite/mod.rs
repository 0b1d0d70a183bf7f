//! What every store must do. Each function gets a fresh home for a database.

pub(crate) mod build;
pub(crate) mod definitions;
pub(crate) mod documents;
pub(crate) mod groups;
pub(crate) mod history;
pub(crate) mod home;
pub(crate) mod identity;
pub(crate) mod postgres;
pub(crate) mod runs;
pub(crate) mod verify;
