//! Who is calling and what they may do: OAuth 2.0 tokens, users, apps, grants, keys.
//!
//! Knows the rules of RFC 6749 and of Oracle's identity service. Must not know HTTP, nor a clock: time comes in as `now`.

pub mod admin;
mod audit;
mod authenticate;
pub mod authorize;
mod cache;
pub mod caller;
pub mod credentials;
mod identity;
pub mod issuers;
pub mod keys;
mod known;
pub mod model;
mod origins;
mod passwords;
mod random;
pub mod sessions;
mod settings_of;
pub mod token;
mod tokens;
pub mod userinfo;

pub use audit::RefusalGate;
pub use authenticate::AuthenticateError;
pub use identity::{Identity, IdentitySettings, OpenError};
pub use passwords::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, WeakPassword};
pub use tokens::{DeviceError, GrantType, Introspection, PasswordCall, TokenFacts, WaitingDevice};
