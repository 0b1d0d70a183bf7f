//! People's passwords: how they are hashed, which ones are refused, and how guessing is slowed down.

mod argon2id;
mod hasher;
mod log_in;
mod policy;
mod renew;
mod throttle;

pub(crate) use hasher::{Busy, Hasher};
pub(crate) use log_in::LogIn;
pub(crate) use policy::check;
pub use policy::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, WeakPassword};
pub(crate) use throttle::{Account, Attempt, Throttle};
