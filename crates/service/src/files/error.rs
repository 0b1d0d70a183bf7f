//! Why something was not done with a file.

use dayend_files::{BadName, VaultError};
use dayend_store::port::StoreError;

/// Why a use case of the exchange did not happen. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Name(#[from] BadName),
    #[error("{0}")]
    Invalid(String),
    #[error("{what} `{id}` does not exist")]
    NotFound { what: &'static str, id: String },
    /// A link does not give what was asked of it.
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the file is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("the file has {got_bytes} bytes instead of {want_bytes}")]
    Size { want_bytes: u64, got_bytes: u64 },
    #[error("the {0} of what arrived is another one than was sent with it")]
    Checksum(&'static str),
    /// A condition of the request does not hold.
    #[error("{0}")]
    Condition(&'static str),
    #[error("{0}")]
    Conflict(String),
    #[error("the tenant's quota of {0} is used up")]
    Quota(String),
    #[error("there is no room left for files")]
    Full,
    #[error("too many files are on their way")]
    Busy,
    /// What lies there is not what arrived.
    #[error("the file is damaged where it is kept: {0}")]
    Damaged(String),
    #[error("files cannot be stored or read now: {0}")]
    Unavailable(String),
}

/// Why a link does not give what was asked of it. Whoever has the secret may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("there is no such link")]
    Unknown,
    #[error("the link has expired")]
    Expired,
    #[error("the link is not good for this object")]
    Object,
    #[error("the link does not allow this")]
    Operation,
    #[error("the link was used: its upload is complete")]
    Spent,
    #[error("who made the link may not do this any more")]
    Maker,
}

impl Denied {
    /// One word for the audit.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Object => "object",
            Self::Operation => "operation",
            Self::Spent => "spent",
            Self::Maker => "maker",
        }
    }
}

impl From<VaultError> for FileError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Full => Self::Full,
            VaultError::Damaged(how) => Self::Damaged(how),
            VaultError::Missing(_) | VaultError::Unavailable(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<StoreError> for FileError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
