//! Users with all that is known of them, as administrators and they themselves see and change them.

mod account;
mod change;
mod create;
mod delete;
mod password;
mod profile;

pub use account::{User, UserDraft};
