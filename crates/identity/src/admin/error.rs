//! Why an admin verb did nothing, and what may be a name.

use crate::passwords::{Busy, WeakPassword};
use dayend_engine::codes::{SCOPE_ID_MAX_CHARS, shortened};
use dayend_store::port::{StoreError, WriteError};

/// Why a user, app or grant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("the {0} exists already")]
    Exists(String),
    #[error("the {0} does not exist")]
    Unknown(String),
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// Who asks holds less than the change needs.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody could undo the change, because nobody would be left to administer the tenant.
    #[error("{0} would leave the tenant without an active administrator: name another one first")]
    LastAdministrator(&'static str),
    /// Somebody else changed the same thing in the meantime.
    #[error("the {0} was changed by somebody else in the meantime")]
    Raced(String),
    /// Too many passwords are being hashed; trying again later works.
    #[error("too many passwords are being hashed now, try again")]
    Busy,
    /// The store does not answer; nothing was changed.
    #[error("the change could not be stored: {0}")]
    Unavailable(String),
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<WriteError> for AdminError {
    fn from(error: WriteError) -> Self {
        Self::Unavailable(error.0)
    }
}

impl From<Busy> for AdminError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

/// Refuses names that are empty, too long or not what they look like.
pub(super) fn check_name(what: &str, name: &str) -> Result<(), AdminError> {
    let shaped =
        !name.is_empty() && name.trim() == name && name.chars().count() <= SCOPE_ID_MAX_CHARS;
    if shaped && !name.chars().any(is_hidden) {
        return Ok(());
    }
    let rule = format!("1 to {SCOPE_ID_MAX_CHARS} visible characters, no blank at either end");
    Err(AdminError::Invalid(format!("`{}` is no {what}: {rule}", shortened(name))))
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
