//! What is kept of apps and people beside their rows, as documents.

mod app_settings;
mod document;
mod stamp;
mod user_profile;

pub use app_settings::{AppSettings, AppTag, Certificate, ResourceScope};
pub(crate) use document::{Document, Kept, key, put, remove};
pub use stamp::{Author, Stamp};
pub use user_profile::{Email, UserProfile};
