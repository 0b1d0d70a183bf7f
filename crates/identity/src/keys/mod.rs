//! The server's keys: those that sign tokens, one after the other, and one from which all others are derived.

mod change;
mod create;
mod directory;
mod files;
mod loaded;
mod master_key;
mod record;
mod ring;
mod ring_view;
mod server_key;
mod signing_key;
mod signing_keys;
#[cfg(test)]
mod tests;

pub use change::{KeyChangeError, Rotation};
pub use create::create;
pub use directory::KeyDirectory;
pub use loaded::{KeyError, Keys};
use loaded::{RING_FILE, SERVER_KEY_FILE};
pub use master_key::MasterKey;
pub use ring_view::{KeyState, KeyView};
