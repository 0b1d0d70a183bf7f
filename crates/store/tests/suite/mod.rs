//! What every store must do. Each function gets a fresh home for a database.

pub mod build;
pub mod definitions;
pub mod groups;
pub mod history;
pub mod home;
pub mod identity;
pub mod runs;
pub mod verify;
