//! Resources that only change something: the status of an app or user, a secret, a password.

mod change;
mod passwords;
mod secrets;
mod status;

pub(super) use passwords::{change_my_password, change_password, reset_password};
pub(super) use secrets::regenerate_secret;
pub(super) use status::{change_app_status, change_user_status};
