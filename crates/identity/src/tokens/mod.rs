//! The token endpoint: what is asked, who asks, what is issued.

mod claims;
mod client;
mod family;
mod issue;
mod password_grant;
mod refresh_grant;
mod refresh_token;
mod request;
mod scopes;
mod verify;

pub(crate) use family::Family;
pub(crate) use issue::Grant;
pub(crate) use request::Asking;
pub use request::GrantType;
pub(crate) use scopes::{LIFETIME_MAX_S, LIFETIME_MIN_S};
pub(crate) use verify::{Verified, Verifier};
