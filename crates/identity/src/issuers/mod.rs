//! Access tokens of other issuers that the API accepts: whose, and what their claims mean here.

mod caller;
mod claims;
mod issuer;
mod key_set;
mod published;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use issuer::Issuers;
pub use published::Documents;
pub use settings::{BadIssuer, IssuerSettings};
