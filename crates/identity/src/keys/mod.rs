//! The server's keys: one that signs tokens, one from which all others are derived.

mod create;
mod files;
mod loaded;
mod server_key;
mod signing_key;

pub use create::create;
pub(crate) use loaded::SIGNING_KEY_ID;
pub use loaded::{KeyError, Keys};
use loaded::{SERVER_KEY_FILE, SIGNING_CERTIFICATE_FILE, SIGNING_KEY_FILE};
