//! Log-ins in the browser: a session begins with a password and ends by itself, by a log-out, or with what it rests on.

mod begin;
mod cookie;
mod end;
mod find;
mod forms;
mod log_out;
mod own;
mod password;
mod reset;
mod session;

pub use begin::{Begun, LogIn, LogInError};
pub use log_out::{LogOut, LogOutError, LogOutRequest};
pub use own::{AppInfo, PERSONAL_MINUTES_MAX};
pub use password::PasswordError;
pub use reset::ResetMail;
pub use session::Session;
