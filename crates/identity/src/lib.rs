//! Who is calling and what they may do: OAuth 2.0 tokens, users, apps, grants, keys.
//!
//! Knows the rules of RFC 6749 and of Oracle's identity service. Must not know HTTP.

pub mod caller;
pub mod token;
