//! The token endpoint: what is asked, who asks, what is issued.

mod assertion;
mod bucket;
mod certificate;
mod claims;
mod client;
mod code_grant;
mod device;
mod exchange_grant;
mod family;
mod id_token;
mod introspect;
mod issue;
mod jwt_grant;
mod password_call;
mod password_grant;
mod refresh_grant;
mod refresh_token;
mod request;
mod revoke;
mod revoked;
mod scopes;
mod times;
mod verify;

pub(crate) use bucket::Buckets;
pub(crate) use code_grant::Code;
pub use device::{DeviceError, WaitingDevice};
pub(crate) use family::Family;
pub(crate) use id_token::{Hint, read_hint};
pub use introspect::{Introspection, TokenFacts};
pub(crate) use issue::Grant;
pub use password_call::PasswordCall;
pub(crate) use request::Asking;
pub use request::GrantType;
pub(crate) use scopes::{LIFETIME_MAX_S, LIFETIME_MIN_S, Resources, Scopes, covers};
pub(crate) use times::Times;
pub(crate) use verify::{TOKEN_MAX_BYTES, Verified, Verifier};
