//! Apps with all their settings, as administrators see and change them.

mod app;
mod certificates;
mod change;
mod create;
mod delete;
mod settings;
mod urls;

pub use app::{App, AppDraft, RegisteredApp, Registration};
