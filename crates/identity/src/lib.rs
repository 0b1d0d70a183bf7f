//! Who is calling and what they may do: OAuth 2.0 tokens, users, apps, grants, keys.
//!
//! Knows the rules of RFC 6749 and of Oracle's identity service. Must not know HTTP, nor a clock: time comes in as `now`.

pub mod admin;
mod audit;
mod authenticate;
mod cache;
pub mod caller;
pub mod credentials;
mod identity;
pub mod keys;
mod known;
pub mod model;
mod passwords;
mod random;
mod settings_of;
pub mod token;
mod tokens;

pub use authenticate::AuthenticateError;
pub use identity::{Identity, IdentitySettings, OpenError};
pub use passwords::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, WeakPassword};
pub use tokens::GrantType;
